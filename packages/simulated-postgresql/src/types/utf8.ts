declare const TextEncoder: new () => {
  encode(text: string): Uint8Array
  encodeInto(text: string, bytes: Uint8Array): { readonly read: number }
}
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Returns the longest start of a text that takes at most `count` bytes. */
export function firstBytes(text: string, count: number): string {
  // Returns a short text without encoding it, because no UTF-16 code unit takes more than 3 bytes.
  if (text.length * 3 <= count) return text
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(count)).read)
}

export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** Compares texts in the collation C: by UTF-8 bytes, which is the order of code points. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

/** Surrogates rank last, because their code points are the greatest. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** Returns the characters of a text as PostgreSQL counts them: code points. */
export function characters(text: string): readonly string[] {
  return Array.from(text)
}

export function characterCount(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length) i += 1
    count += 1
  }
  return count
}
