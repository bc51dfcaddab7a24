/** A message that is cut off, or that does not end where its length says. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
}
