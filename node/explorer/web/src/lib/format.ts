/** Numbers, times, names and units as people read them. */

const UNITS: Readonly<Record<string, string>> = {
  KWT: "kW", MAW: "MW", WTT: "W", KWH: "kWh", MWH: "MWh", MTS: "m/s", CEL: "°C", FAH: "°F",
  KEL: "K", DD: "°", P1: "%", HTZ: "Hz", BAR: "bar", PAL: "Pa", A97: "hPa", KPA: "kPa", VLT: "V",
  AMP: "A", RPM: "r/min", SEC: "s", C26: "ms", MTR: "m", MMT: "mm", KGM: "kg", LTR: "l",
  MTQ: "m³", NEW: "N", NU: "N·m", "2N": "dB", E14: "kcal", PS: "psi", C79: "kPa", GRM: "g",
};

const OPERATIONS: Readonly<Record<string, string>> = {
  register_twin: "Register twin",
  telemetry: "Telemetry",
  update_twin: "Update twin",
  register_key: "Register key",
  revoke_key: "Revoke key",
  attest: "Attestation",
  deploy_contract: "Deploy contract",
  call: "Contract call",
  acknowledge: "Acknowledgement",
  propose_change: "Proposed change",
  approve_change: "Approval",
  withdraw_change: "Withdrawal",
  rotate_vote_key: "New vote key",
  report_evidence: "Evidence",
  propose_contract: "Proposed contract",
  run_timers: "What was due",
  consent: "Consent",
};

const DECIMALS_MAX = 3;
const COUNT = new Intl.NumberFormat("en-GB");
const STEPS: readonly (readonly [string, number])[] = [
  ["years", 31_557_600_000],
  ["months", 2_629_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** 12345 as "12,345". */
export function formatCount(value: number): string {
  return COUNT.format(value);
}

/** "1 block", "2 blocks". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A size as "812 B" or "1.4 kB". */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A duration as "42 ms" or "1.3 s". */
export function formatMs(ms: number): string {
  if (ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A long duration in its two largest units: "40 h", "2 d 3 h". */
export function formatSpan(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A time as "2026-11-21 03:40:12 UTC". */
export function formatUtc(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

/** A time as "3 min ago" or "in 2 d". */
export function formatRelative(ms: number, nowMs: number): string {
  const difference = ms - nowMs;
  const step = STEPS.find(([, size]) => Math.abs(difference) >= size);
  if (step === undefined) return "just now";
  const count = Math.trunc(Math.abs(difference) / step[1]);
  const unit = count === 1 ? step[0].replace(/s$/, (end) => (step[0] === "s" ? end : "")) : step[0];
  return difference < 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

/** An id shortened to its ends; names that are short stay whole. */
export function shortId(id: string, head = 8, tail = 6): string {
  return id.length <= head + tail + 3 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`;
}

/** The symbol of a UN/CEFACT Recommendation 20 unit code. */
export function unitSymbol(code: string): string {
  return UNITS[code] ?? code;
}

/** A value with its unit, at most three decimals of it; "–" when there is none. */
export function formatValue(value: string | null, unit: string): string {
  if (value === null || value === "") return "–";
  return withUnit(roundDecimals(value), unit);
}

/** A value with its unit exactly as it is on record. */
export function formatExact(value: string | null, unit: string): string {
  return value === null || value === "" ? "no value" : withUnit(value, unit);
}

function withUnit(value: string, unit: string): string {
  const symbol = unitSymbol(unit);
  if (symbol === "") return value;
  return symbol === "°" || symbol === "%" ? `${value}${symbol}` : `${value} ${symbol}`;
}

function roundDecimals(value: string): string {
  const decimals = value.split(".")[1]?.length ?? 0;
  return decimals <= DECIMALS_MAX ? value : String(Number(Number(value).toFixed(DECIMALS_MAX)));
}

/** A text in which every hash is shortened. */
export function shortenHashes(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{64}\b/g, (hash) => shortId(hash));
}

/** The name of an operation for people. */
export function operationName(operation: string): string {
  return OPERATIONS[operation] ?? humanise(operation);
}

/** "maintenance_order" as "Maintenance order". */
export function humanise(name: string): string {
  const text = name.replaceAll(/[_-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** An OPC UA StatusCode in words. */
export function qualityName(quality: number): "Good" | "Uncertain" | "Bad" {
  const severity = Math.floor(quality / 0x40000000);
  return severity === 0 ? "Good" : severity === 1 ? "Uncertain" : "Bad";
}

/** A StatusCode as "0x809B0000". */
export function qualityCode(quality: number): string {
  return `0x${quality.toString(16).toUpperCase().padStart(8, "0")}`;
}
