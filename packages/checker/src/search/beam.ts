/**
 * Moves the `beam` configurations with the lowest scores to the front of the table, without changing their relative
 * order. The table must have more than `beam` configurations.
 */
export function keepLeast(table: Int32Array, stride: number, scores: Int32Array, beam: number): number {
  const limit = scores.toSorted()[beam - 1]
  let room = beam
  for (const score of scores) if (score < limit) room--
  let kept = 0
  for (let c = 0; c < scores.length; c++) {
    if (scores[c] > limit || (scores[c] === limit && room-- <= 0)) continue
    table.copyWithin(kept * stride, c * stride, (c + 1) * stride)
    kept++
  }
  return kept
}

export function ones(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
