/** A header block that no encoder may write. */
export class HpackError extends Error {
  override readonly name = 'HpackError'
}
