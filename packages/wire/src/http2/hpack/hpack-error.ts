/** Thrown for an invalid header block. */
export class HpackError extends Error {
  override readonly name = 'HpackError'
}
