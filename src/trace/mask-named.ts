/** Secrets that give themselves away by their name: `DB_PASSWORD=…`, `"apiKey": "…"`, `--token …`. */

import { isPlaceholder, looksRandom } from "./mask-values.ts";

const NAME =
  "pass(?:word|wd|phrase)|(?<=[A-Za-z0-9_-])pwd|secret(?:[_-]?access)?(?:[_-]?key)?|" +
  "(?:api|access|auth|account|private|signing|encryption|master|storage|license)[_-]?key|token|credentials?";
const SUFFIX = "(?:[_-]?(?:prod|dev|test|staging|live|base|value|v?[0-9]{1,3}))?";
// `"name": `, `name = `, `name := `, `name => `; quotes may be escaped, since JSON travels inside JSON.
const SEPARATOR = "\\\\*[\"'`]?\\]?[ \\t]{0,8}(?:=>|:=|[=:])(?![=:])[ \\t]{0,8}";
// First pieces only; what is accepted is extended to its end. Bounded, so that no text is read more than a few times.
const QUOTED = "\\\\*[\"'`](?:\\\\(?![\"'`nrt])|[^\"'`\\\\\\r\\n]){1,1024}";
const BARE = "[^\\s\"'`,;(){}\\[\\]<>&|\\\\]{1,512}";
const ASSIGNMENT = new RegExp(`(${NAME})(${SUFFIX})(${SEPARATOR})(${QUOTED}|${BARE})`, "gi");
const FLAG = new RegExp(
  `(--[a-z-]{0,24}?(?:${NAME}))([ \\t]{1,4})(["']?[^\\s"'\`<>$(){}\\\\-][^\\s"'\`<>(){}\\\\]{3,512})`,
  "gi",
);
const ANY_NAME = /pass|pwd|secret|key|token|credential/i;

const QUOTED_REST = /(?:\\(?!["'`nrt])|[^"'`\\\r\n])*/y;
const BARE_REST = /[^\s"'`,;(){}[\]<>&|\\]*/y;

// Tokens of models, parsers and pages.
const OTHER_TOKEN =
  /(?:page|next|prev|continuation|sync|eos|bos|pad|unk|mask|sep|cls|stop|special|first|last|max|min|num|total|start|end)[_-]?$/i;
const DOTTED = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/;
const PATH = /^(?:[~.]{0,2}\/|[A-Za-z]:\\)/;
const CONTEXT_CHARS = 16;

type Kind = "password" | "secret" | "api-key" | "token";

function kindOf(name: string): Kind {
  const lower = name.toLowerCase();
  if (lower.startsWith("pass") || lower === "pwd") return "password";
  if (lower === "token") return "token";
  return lower.startsWith("secret") || lower.startsWith("credential") ? "secret" : "api-key";
}

function acceptsQuoted(kind: Kind, name: string, value: string): boolean {
  if (/\s/.test(value)) return /phrase$/i.test(name);
  if (kind === "password" || kind === "secret") return value.length >= 3;
  // `"token": "OPENAI_API_KEY"` names a variable, `"token": "access"` is a word.
  return looksRandom(value) || (value.length >= 10 && /^[A-Za-z0-9]+$/.test(value) && /[a-z]/.test(value));
}

interface Place {
  /** Up to 16 characters before the name. */
  readonly before: string;
  readonly separator: string;
  /** The character after the value. */
  readonly after: string;
}

function acceptsBare(kind: Kind, name: string, value: string, { before, separator, after }: Place): boolean {
  if (after === "(" || after === "[" || DOTTED.test(value)) return false;
  if (/^pwd$/i.test(name) && PATH.test(value)) return false;
  const spaced = /[ \t]/.test(separator);
  const assigned = separator.includes("=");
  if (/^[0-9]+$/.test(value)) return kind === "password" && value.length >= 4;
  // NAME=value of a shell or an .env file.
  const upper = name === name.toUpperCase();
  if (upper && assigned && !spaced) return value.length >= 3 && !/^[A-Z_]+$/.test(value);
  // Connection strings and queries: `;Password=…;`, `?token=…&`.
  const listed = /[?&;][\w -]{0,16}$/.test(before) || /[;&]/.test(after);
  if (assigned && !spaced && listed && value.length >= 4) return true;
  // A parameter of a typed language: `(password: Password1, …)`.
  const typed = !assigned && /[,)?]/.test(after);
  if (kind === "password" && !typed && value.length >= 6 && /[0-9!@#%^*]/.test(value)) return true;
  return looksRandom(value);
}

function accepts(name: string, value: string, quoted: boolean, place: Place): boolean {
  const kind = kindOf(name);
  if (isPlaceholder(value)) return false;
  // Credentials are often files.
  if (/^credential/i.test(name) && PATH.test(value)) return false;
  if (kind === "token" && OTHER_TOKEN.test(place.before)) return false;
  return quoted ? acceptsQuoted(kind, name, value) : acceptsBare(kind, name, value, place);
}

function restOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

function maskAssignments(text: string): string {
  let masked = "";
  let copied = 0;
  ASSIGNMENT.lastIndex = 0;
  for (let match = ASSIGNMENT.exec(text); match; match = ASSIGNMENT.exec(text)) {
    const [whole, name = "", , separator = "", raw = ""] = match;
    const opening = /^\\*["'`]/.exec(raw)?.[0] ?? "";
    const start = match.index + whole.length - raw.length + opening.length;
    const pieceEnd = match.index + whole.length;
    const value = text.slice(start, pieceEnd);
    const before = text.slice(Math.max(0, match.index - CONTEXT_CHARS), match.index);
    if (accepts(name, value, opening !== "", { before, separator, after: text[pieceEnd] ?? "" })) {
      // Only what is consumed may be read to its end: everything else is looked at again.
      const end = restOf(opening ? QUOTED_REST : BARE_REST, text, pieceEnd);
      masked += `${text.slice(copied, start)}<masked ${kindOf(name)}>`;
      copied = end;
      ASSIGNMENT.lastIndex = end;
    } else {
      // The value may hold assignments of its own.
      ASSIGNMENT.lastIndex = start;
    }
  }
  return masked + text.slice(copied);
}

function maskFlags(text: string): string {
  return text.replace(FLAG, (whole: string, flag: string, blank: string, raw: string) => {
    const quote = /^["']/.exec(raw)?.[0] ?? "";
    const value = raw.slice(quote.length);
    const name = /[a-z]+$/i.exec(flag)?.[0] ?? "";
    if (isPlaceholder(value) || DOTTED.test(value) || !/[0-9!@#%^*+=/~]/.test(value) || /^[0-9]{1,5}$/.test(value))
      return whole;
    return `${flag}${blank}${quote}<masked ${kindOf(name)}>`;
  });
}

/** Masks the values of secret names in text. */
export function maskNamedValues(text: string): string {
  if (!ANY_NAME.test(text)) return text;
  const assigned = maskAssignments(text);
  return assigned.includes("--") ? maskFlags(assigned) : assigned;
}

const WHOLE_NAME = new RegExp(`(${NAME})${SUFFIX}$`, "i");

/**
 * The mask for a value under a key of structured data, or undefined when the pair is no secret.
 * @example maskOfPair("db_password", "hunter2") === "<masked password>"
 */
export function maskOfPair(key: string, value: string): string | undefined {
  if (/^(?:proxy-)?authorization$/i.test(key) && value.length >= 8 && !isPlaceholder(value.replace(/^\w+ /, ""))) {
    return "<masked authorization>";
  }
  const match = WHOLE_NAME.exec(key);
  const name = match?.[1];
  if (!match || name === undefined) return undefined;
  const place: Place = { before: key.slice(0, match.index), separator: ":", after: "" };
  return accepts(name, value, true, place) ? `<masked ${kindOf(name)}>` : undefined;
}
