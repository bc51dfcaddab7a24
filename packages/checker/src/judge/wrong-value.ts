/** A history says a value that a built-in model can give no meaning, such as a transfer without an amount. */
export class WrongValue extends Error {
  override readonly name: string = 'WrongValue'
}
