const OFFSET_BASIS = 0x811c9dc5
const PRIME = 0x01000193

/** FNV-1a over the UTF-16 units of a text: 32 bits, signed. Cheap, and the same everywhere: it spreads, it does not protect. */
export const fnv1a = (text: string): number => fnv1aAfter(OFFSET_BASIS, text)

/** FNV-1a of a text that follows what has been hashed before. */
export function fnv1aAfter(before: number, text: string): number {
  let hash = before | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME)
  return hash
}
