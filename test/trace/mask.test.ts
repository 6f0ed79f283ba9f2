// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of shells are what is tested
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { maskText } from "../../src/trace/mask.ts";
import { maskOfPair } from "../../src/trace/mask-named.ts";

/** Characters that no real credential has in this order. */
function filler(length: number, alphabet = "abcDEF0123456789ghiJKL"): string {
  return alphabet.repeat(Math.ceil(length / alphabet.length)).slice(0, length);
}
const hex = (length: number) => filler(length, "0123456789abcdef");
const upper = (length: number) => filler(length, "ABCDEF234567");
const UUID = "01234567-89ab-cdef-0123-456789abcdef";

// Assembled from pieces, so that no scanner of this repository takes them for real ones.
const FORMATS: readonly (readonly [kind: string, secret: string])[] = [
  ["anthropic-api-key", `sk-${"ant"}-api03-${filler(90)}-AA`],
  ["openrouter-api-key", `sk-${"or"}-v1-${hex(64)}`],
  ["langfuse-secret-key", `sk-${"lf"}-${UUID}`],
  ["openai-api-key", `sk-${"proj"}-${filler(60)}_${filler(20)}`],
  ["openai-api-key", `sk-${filler(48)}`],
  ["google-api-key", `AI${"za"}Sy${filler(33)}`],
  ["google-api-key", `AQ.${"Ab"}8${filler(45)}`],
  ["google-oauth-token", `ya${"29"}.a0${filler(60)}`],
  ["google-client-secret", `GOC${"SPX"}-${filler(28)}`],
  ["aws-access-key-id", `AK${"IA"}${upper(16)}`],
  ["aws-access-key-id", `AS${"IA"}${upper(16)}`],
  ["aws-bedrock-api-key", `AB${"SK"}${filler(120)}=`],
  ["azure-client-secret", `abc8${"Q~"}${filler(34)}`],
  ["azure-devops-token", `${filler(76)}${"AZ"}DO${filler(4)}`],
  ["azure-api-key", `${filler(52)}${"JQ"}QJ99${filler(26)}`],
  ["github-token", `gh${"p_"}${filler(36)}`],
  ["github-token", `gh${"s_"}${filler(36)}`],
  ["github-token", `github_${"pat"}_${filler(22)}_${filler(59)}`],
  ["gitlab-token", `gl${"pat"}-${filler(20)}`],
  ["slack-token", `xo${"xb"}-123456789012-123456789012-${filler(24)}`],
  ["slack-token", `xa${"pp"}-1-A012345-1234567890-${hex(64)}`],
  ["slack-webhook", `T01234567/B01234567/${filler(24)}`],
  ["stripe-key", `sk_${"live"}_${filler(24)}`],
  ["stripe-key", `rk_${"test"}_${filler(24)}`],
  ["webhook-secret", `wh${"sec"}_${filler(32)}`],
  ["npm-token", `np${"m_"}${filler(36)}`],
  ["pypi-token", `py${"pi"}-AgEIcHlwaS5vcmc${filler(60)}`],
  ["huggingface-token", `h${"f_"}${filler(34)}`],
  ["arize-api-key", `a${"k-"}${UUID}-${filler(32)}`],
  ["sendgrid-api-key", `S${"G."}${filler(22)}.${filler(43)}`],
  ["twilio-api-key", `S${"K"}${hex(32)}`],
  ["databricks-token", `da${"pi"}${hex(32)}-2`],
  ["digitalocean-token", `do${"p_v1"}_${hex(64)}`],
  ["telegram-bot-token", `123456789:${"AA"}${filler(33)}`],
  ["groq-api-key", `gs${"k_"}${filler(52)}`],
  ["vault-token", `hv${"s."}${filler(24)}`],
  ["jwt", `ey${"J"}${filler(20)}.ey${"J"}${filler(40)}.${filler(43)}`],
];

const SURROUNDINGS: readonly ((secret: string, kind: string) => string)[] = [
  (secret) => secret,
  (secret) => `the key is ${secret}, keep it`,
  (secret) => JSON.stringify({ text: `a\n${secret}\tb` }),
  (secret) => `X=${secret}`,
  (secret) => `'${secret}'`,
];

describe("formats of issuers", () => {
  for (const [kind, secret] of FORMATS) {
    test(`${kind} ${secret.slice(0, 7)}… is masked wherever it stands, and its kind stays`, () => {
      for (const around of SURROUNDINGS) {
        const text = around(kind === "slack-webhook" ? `https://hooks.slack.com/services/${secret}` : secret, kind);
        const masked = maskText(text);
        expect(masked).toContain(`<masked ${kind}>`);
        expect(masked).not.toContain(secret.slice(6));
      }
    });
  }
});

const KEY_LINES = [filler(64), filler(64), `${filler(30)}==`];
const key = (label: string, lineEnd: string) =>
  [`-----BEGIN ${label}-----`, ...KEY_LINES, `-----END ${label}-----`].join(lineEnd);

describe("private keys", () => {
  for (const label of [
    "RSA PRIVATE KEY",
    "PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
  ]) {
    for (const lineEnd of ["\n", "\r\n", "\\n", "\\\\n"]) {
      test(`${label} with line ends ${JSON.stringify(lineEnd)}`, () => {
        expect(maskText(`before ${key(label, lineEnd)} after`)).toBe("before <masked private-key> after");
      });
    }
  }

  test("two keys are two markers", () => {
    const one = key("PRIVATE KEY", "\n");
    expect(maskText(`${one}\nand\n${one}`)).toBe("<masked private-key>\nand\n<masked private-key>");
  });

  test("a key that is cut off is masked to its last line, and what follows stays", () => {
    const cut = key("RSA PRIVATE KEY", "\n").slice(0, 150);
    expect(maskText(cut)).toBe("<masked private-key>");
    expect(maskText(`${cut}\n[output truncated] the rest`)).toBe("<masked private-key>\n[output truncated] the rest");
  });

  test("headers of an encrypted key go with it", () => {
    const text = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${upper(32)}\n\n${filler(64)}`;
    expect(maskText(text)).toBe("<masked private-key>");
  });

  test("code that only names the markers and public keys stay", () => {
    for (const text of [
      'if (text.includes("-----BEGIN PRIVATE KEY-----")) throw new Error("a key");',
      'grep -r "BEGIN RSA PRIVATE KEY" .',
      key("PUBLIC KEY", "\n"),
      key("CERTIFICATE", "\n"),
    ]) {
      expect(maskText(text)).toBe(text);
    }
  });
});

const MASKED: readonly (readonly [text: string, secret: string])[] = [
  ["DB_PASSWORD=hunter2", "hunter2"],
  ["export PGPASSWORD='correct-horse'", "correct-horse"],
  ["MYSQL_PWD=letmein", "letmein"],
  ["AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzzzzzzzKEY", "wJalrXUtnFEMI"],
  ["aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzKEY", "wJalrXUtnFEMI"],
  ['{"password": "hunter2"}', "hunter2"],
  ['{"password":"p@ss, with; signs"}'.replace(", with; ", ",with;"), "with"],
  ['{\\"api_key\\": \\"abcd1234efgh\\"}', "abcd1234efgh"],
  ['"client_secret": "topsecret"', "topsecret"],
  ["apiKey: 'abc123def456'", "abc123def456"],
  ["const accessToken = `abc123def456`;", "abc123def456"],
  ["x-api-key: abc123def456", "abc123def456"],
  ["password: hunter2", "hunter2"],
  ["token: 8f3b2a9c1d", "8f3b2a9c1d"],
  ["SECRET_KEY_BASE=0a1b2c3d4e", "0a1b2c3d4e"],
  ["API_TOKEN_PROD=abc", "abc"],
  ["Server=db;User Id=sa;Password=letmein;", "letmein"],
  ["DefaultEndpointsProtocol=https;AccountKey=ab12+cd34/ef56==;EndpointSuffix=x", "ab12+cd34"],
  ["https://api.example.com/v1?token=abcd&x=1", "abcd"],
  ["https://x.blob.example.com/c?sv=1&sig=ab12%2Bcd34%2Fef56ab12cd34ef56", "ab12%2Bcd34"],
  ["deploy --password hunter2 --force", "hunter2"],
  ["deploy --api-key=abc123def456", "abc123def456"],
  ["Authorization: Bearer abcdefghijkl", "abcdefghijkl"],
  ['-H "Authorization: token 0123abcd"', "0123abcd"],
  ["bearer 0123456789abcdef", "0123456789abcdef"],
  ["Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"],
  ["postgres://app:s3cret@db:5432/x", "s3cret"],
  ["postgresql+asyncpg://app:password@db/x", ":password@"],
  ["redis://:pa55@cache", "pa55"],
  ["git clone https://0123456789abcdef0123@git.example.com/x", "0123456789abcdef0123"],
  ["curl -s -u admin:hunter2 https://x", "hunter2"],
  ["sshpass -p hunter2 ssh host", "hunter2"],
  ["machine x login ada password hunter2", "hunter2"],
];

describe("secrets by name and place", () => {
  for (const [text, secret] of MASKED) {
    test(`in ${text}`, () => {
      const masked = maskText(text);
      expect(masked).toContain("<masked ");
      expect(masked).not.toContain(secret);
    });
  }

  test("what stands around a secret stays", () => {
    expect(maskText('{"user": "ada", "password": "hunter2", "port": 1}')).toBe(
      '{"user": "ada", "password": "<masked password>", "port": 1}',
    );
    expect(maskText("postgres://app:s3cret@db:5432/x")).toBe("postgres://app:<masked url-password>@db:5432/x");
  });

  test("a quoted secret longer than any bound is masked to its end", () => {
    expect(maskText(`{"secret": "${filler(50_000)}"}`)).toBe('{"secret": "<masked secret>"}');
    expect(maskText(`SECRET=${filler(50_000)} x`)).toBe("SECRET=<masked secret> x");
  });

  test("in structured data the key tells", () => {
    expect(maskOfPair("db_password", "hunter2")).toBe("<masked password>");
    expect(maskOfPair("Authorization", "Custom abcdefgh")).toBe("<masked authorization>");
    expect(maskOfPair("apiKey", "abc123def456")).toBe("<masked api-key>");
    expect(maskOfPair("apiKey", "$API_KEY")).toBeUndefined();
    expect(maskOfPair("next_page_token", "abc123def456")).toBeUndefined();
    expect(maskOfPair("file_path", "hunter2")).toBeUndefined();
  });
});

const LEFT_ALONE: readonly string[] = [
  "curl -H 'Authorization: Bearer $OPENAI_KEY' x",
  'curl -H "x-api-key: ${TOKEN}" x',
  "export API_KEY=$(pass show api)",
  'key = os.environ["OPENAI_API_KEY"]',
  "api_key=os.environ.get('OPENAI_API_KEY')",
  "apiKey: process.env.OPENAI_API_KEY,",
  "api_key = <your-api-key>",
  'OPENAI_API_KEY="your-key-here"',
  "API_KEY=xxx",
  "password: ********",
  "PASSWORD=...",
  "sk-ant-xxxxxxxxxxxxxxxxxxxxxxxx",
  "token = get_token()",
  "const token = await auth.token(user1);",
  "token: string; password: string",
  "password: z.string().min(8)",
  "function login(password: Password1, token?: Token)",
  "f(token=token, password=self.password)",
  'if (password == "x1y2z3") return',
  "password_min_length = 12",
  "max_tokens: 4096, total_tokens=1234",
  "pad_token_id = 50256",
  'next_page_token: "abc123def456"',
  "tokenizer: cl100k_base",
  "PWD=/home/ada/project1",
  '{"hostCredential": "/home/ada/project1"}',
  "GOOGLE_APPLICATION_CREDENTIALS=/etc/keys/service1.json",
  "${{ secrets.NPM_TOKEN }}",
  "password: {{ vault_password }}",
  "postgres://${DB_USER}:${DB_PASS}@db/x",
  "postgres://user:$PASS@db/x",
  "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "id 550e8400-e29b-41d4-a716-446655440000",
  '"integrity": "sha512-abcDEF0123456789abcDEF0123456789abcDEF0123456789abcDEF01234=="',
  `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${filler(400)}`,
  "src/components/authentication/password-reset-token-expiry-handler.test.ts",
  "task-force-sk-learn-pipeline-with-a-long-name",
  "The token expires after a day; the password must be changed.",
  "basic authentication and bearer authentication-schemes",
  "https://example.com:8080/path@2.0",
  "git@github.com:org/repo.git",
  'errors: { password: "must not be empty" }',
];

describe("what is no secret stays as it is", () => {
  for (const text of LEFT_ALONE) {
    test(text.slice(0, 70), () => expect(maskText(text)).toBe(text));
  }
});

const PIECES: readonly string[] = [
  ...FORMATS.map(([, secret]) => secret),
  ...MASKED.map(([text]) => text),
  ...LEFT_ALONE,
  key("PRIVATE KEY", "\n"),
  "-----BEGIN PRIVATE KEY-----",
  "password=",
  'token: "',
  "://",
  "@",
  "\\n",
  '"',
  "\n",
  " ",
  "<masked token>",
];

describe("properties", () => {
  test("masking twice is masking once", () => {
    const text = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 12 })), { maxLength: 12 });
    fc.assert(
      fc.property(text, fc.constantFrom("", " ", "\n", ", "), (pieces, glue) => {
        const once = maskText(pieces.join(glue));
        expect(maskText(once)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  // A pattern that backtracks over its input needs minutes for these, and the runner ends it.
  test("long runs of what patterns look for end", () => {
    for (const piece of PIECES) {
      const text = piece.repeat(Math.ceil(200_000 / Math.max(1, piece.length)));
      expect(maskText(text).length).toBeGreaterThan(0);
    }
  }, 60_000);
});
