/** Formats of credentials that give themselves away by a prefix of their issuer. */

/** One format. `hints` are literals without which the pattern cannot match; no hint begins with another one. */
export interface CredentialFormat {
  readonly name: string;
  readonly hints: readonly string[];
  readonly pattern: RegExp;
}

// A credential does not start in the middle of a word, unless the word is the letter of an escape in quoted text: \nghp_…
const START = String.raw`(?:(?<![A-Za-z0-9_+])|(?<=\\[nrtbf]))`;
const END = "(?![A-Za-z0-9])";

function format(name: string, hints: readonly string[], body: string, end = END): CredentialFormat {
  return { name, hints, pattern: new RegExp(`${START}${body}${end}`, "g") };
}

/**
 * Known formats, from the issuers' public documentation. Every pattern starts with a literal and has no two neighbouring
 * repetitions that match the same text, so that matching is linear. Order matters where one prefix contains another.
 */
export const CREDENTIAL_FORMATS: readonly CredentialFormat[] = [
  format("anthropic-api-key", ["sk-"], "sk-ant-[A-Za-z0-9_-]{16,}"),
  format("openrouter-api-key", ["sk-"], "sk-or-[A-Za-z0-9_-]{20,}"),
  format("langfuse-secret-key", ["sk-"], "sk-lf-[A-Za-z0-9_-]{20,}"),
  format("openai-api-key", ["sk-"], "sk-(?:proj|svcacct|admin|service|None)-[A-Za-z0-9_-]{16,}"),
  format("openai-api-key", ["sk-"], "sk-(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{20,}"),
  format("google-api-key", ["AIza"], "AIza[A-Za-z0-9_-]{35,}"),
  format("google-api-key", ["AQ.Ab"], "AQ\\.Ab[A-Za-z0-9_-]{30,}"),
  format("google-oauth-token", ["ya29."], "ya29\\.[A-Za-z0-9_.-]{20,}"),
  format("google-oauth-token", ["1//0"], "1//0[A-Za-z0-9_-]{30,}"),
  format("google-client-secret", ["GOCSPX-"], "GOCSPX-[A-Za-z0-9_-]{20,}"),
  format("aws-access-key-id", ["AKIA", "ASIA", "ABIA", "ACCA"], "A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}", "(?![A-Za-z0-9_])"),
  format("aws-bedrock-api-key", ["ABSK"], "ABSK[A-Za-z0-9+/]{60,}={0,2}"),
  format("aws-bedrock-api-key", ["bedrock-api-key-"], "bedrock-api-key-[A-Za-z0-9+/_-]{20,}={0,2}"),
  format("azure-client-secret", ["Q~"], "[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
  format("azure-devops-token", ["AZDO"], "[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"),
  format("azure-api-key", ["JQQJ99"], "[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}"),
  format("github-token", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], "gh[pousr]_[A-Za-z0-9]{20,}"),
  format("github-token", ["github_pat_"], "github_pat_[A-Za-z0-9_]{22,}"),
  format(
    "gitlab-token",
    [
      "glpat-",
      "gldt-",
      "glptt-",
      "glrt-",
      "glcbt-",
      "gloas-",
      "glimt-",
      "glagent-",
      "glft-",
      "glsoat-",
      "glffct-",
      "glwt-",
    ],
    "gl(?:pat|dt|ptt|rt|cbt|oas|imt|agent|ft|soat|ffct|wt)-[A-Za-z0-9_.-]{20,}",
  ),
  format("gitlab-token", ["GR1348941"], "GR1348941[A-Za-z0-9_-]{20,}"),
  format(
    "slack-token",
    ["xoxa", "xoxb", "xoxc", "xoxe", "xoxo", "xoxp", "xoxr", "xoxs"],
    "xox[abceoprs](?:\\.xox[abceoprs])?-[A-Za-z0-9-]{10,}",
  ),
  format("slack-token", ["xapp-"], "xapp-[A-Za-z0-9-]{16,}"),
  format("stripe-key", ["k_live_", "k_test_", "k_prod_"], "[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}"),
  format("webhook-secret", ["whsec_"], "whsec_[A-Za-z0-9+/]{20,}={0,2}"),
  format("npm-token", ["npm_"], "npm_[A-Za-z0-9]{36,}"),
  format("pypi-token", ["pypi-"], "pypi-[A-Za-z0-9_-]{40,}"),
  format("huggingface-token", ["hf_"], "hf_[A-Za-z0-9]{30,}"),
  format("huggingface-token", ["api_org_"], "api_org_[A-Za-z0-9]{30,}"),
  format(
    "arize-api-key",
    ["ak-"],
    "ak-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[A-Za-z0-9_-]{16,}",
  ),
  format("sendgrid-api-key", ["SG."], "SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{30,64}"),
  format("twilio-api-key", ["SK"], "SK[0-9a-f]{32}"),
  format("databricks-token", ["dapi"], "dapi[0-9a-f]{32}(?:-[0-9])?"),
  format("digitalocean-token", ["_v1_"], "do[opr]_v1_[0-9a-f]{40,}"),
  format("telegram-bot-token", [":AA"], "[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}"),
  format("groq-api-key", ["gsk_"], "gsk_[A-Za-z0-9]{40,}"),
  format("xai-api-key", ["xai-"], "xai-[A-Za-z0-9]{40,}"),
  format("replicate-token", ["r8_"], "r8_[A-Za-z0-9]{30,}"),
  format("perplexity-api-key", ["pplx-"], "pplx-[A-Za-z0-9]{32,}"),
  format("fireworks-api-key", ["fw_"], "fw_[A-Za-z0-9]{22,}"),
  format("nvidia-api-key", ["nvapi-"], "nvapi-[A-Za-z0-9_-]{40,}"),
  format("tavily-api-key", ["tvly-"], "tvly-[A-Za-z0-9_-]{20,}"),
  format("langsmith-api-key", ["lsv2_"], "lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
  format("linear-api-key", ["lin_"], "lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
  format("notion-token", ["ntn_"], "ntn_[A-Za-z0-9]{40,}"),
  format("atlassian-token", ["ATATT3"], "ATATT3[A-Za-z0-9_=-]{50,}"),
  format("figma-token", ["figd_"], "figd_[A-Za-z0-9_-]{30,}"),
  format("docker-token", ["dckr_"], "dckr_[po]at_[A-Za-z0-9_-]{20,}"),
  format("new-relic-key", ["NRAK-"], "NRAK-[A-Z0-9]{27}"),
  format("grafana-token", ["glsa_"], "glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}"),
  format("grafana-token", ["glc_"], "glc_[A-Za-z0-9+/]{32,}={0,2}"),
  format("shopify-token", ["shpat_", "shpca_", "shppa_", "shpss_"], "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
  format("square-token", ["EAAA"], "EAAA[A-Za-z0-9_-]{60}"),
  format("supabase-key", ["sb_secret_"], "sb_secret_[A-Za-z0-9_-]{20,}"),
  format("planetscale-token", ["pscale_"], "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,}"),
  format("doppler-token", ["dp."], "dp\\.(?:pt|st|ct|sa|scim|audit)\\.[A-Za-z0-9_.-]{40,}"),
  format("vault-token", ["hvs.", "hvb.", "hvr."], "hv[sbr]\\.[A-Za-z0-9_-]{24,}"),
  format("terraform-token", [".atlasv1."], "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,}"),
  format("sentry-token", ["sntrys_", "sntryu_"], "sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
  format("age-secret-key", ["AGE-SECRET-KEY-1"], "AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
  format("mailgun-api-key", ["key-"], "key-[0-9a-f]{32}"),
  format("jwt", ["eyJ"], "eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}(?:\\.[A-Za-z0-9_-]{0,4096})?"),
  {
    name: "slack-webhook",
    hints: ["hooks.slack.com/services/"],
    pattern: /(?<=hooks\.slack\.com\/services\/)T[A-Za-z0-9]{6,}\/B[A-Za-z0-9]{6,}\/[A-Za-z0-9]{16,}/g,
  },
  {
    name: "discord-webhook",
    hints: ["/api/webhooks/"],
    pattern: /(?<=\/api\/webhooks\/[0-9]{17,20}\/)[A-Za-z0-9_-]{40,}/g,
  },
  { name: "azure-signature", hints: ["sig="], pattern: /(?<=[?&;]sig=)[A-Za-z0-9%+/_=-]{24,}/g },
  {
    name: "aws-signature",
    hints: ["X-Amz-"],
    pattern: /(?<=X-Amz-(?:Signature|Security-Token)=)[A-Za-z0-9%+/_=-]{32,}/g,
  },
];
