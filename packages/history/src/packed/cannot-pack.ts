/** What a recording has that cannot be judged key by key while it is read, or not from several places at once. */
export class CannotPack extends Error {
  override readonly name: string = 'CannotPack'
}
