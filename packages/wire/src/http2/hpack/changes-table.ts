/**
 * Returns whether a header block changes the table that later blocks use (RFC 7541 §6.2.1, §6.3). True for a damaged
 * block, so that it is decoded and reported.
 */
export function changesTable(block: Buffer): boolean {
  let at = 0
  while (at < block.length) {
    const first = block[at] ?? 0
    if ((first & 0x80) !== 0) at = afterInteger(block, at, 0x7f)
    else if ((first & 0x60) !== 0) return true
    else {
      const hasName = (first & 0x0f) === 0
      at = afterInteger(block, at, 0x0f)
      if (hasName) at = afterText(block, at)
      at = afterText(block, at)
    }
  }
  return at !== block.length
}

function afterInteger(block: Buffer, at: number, full: number): number {
  if (((block[at] ?? 0) & full) < full) return at + 1
  let end = at + 1
  while (((block[end] ?? 0) & 0x80) !== 0) end++
  return end + 1
}

function afterText(block: Buffer, at: number): number {
  const end = afterInteger(block, at, 0x7f)
  let length = (block[at] ?? 0) & 0x7f
  if (length === 0x7f) for (let i = at + 1; i < end; i++) length += ((block[i] ?? 0) & 0x7f) * 2 ** (7 * (i - at - 1))
  return end + length
}
