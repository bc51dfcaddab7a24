export class HpackError extends Error {
  override readonly name = 'HpackError'
}
