const hearing: { refused: ((refusal: NotSimulated) => void) | undefined } = { refused: undefined }

export function hearRefusals(refused: ((refusal: NotSimulated) => void) | undefined): void {
  hearing.refused = refused
}

/**
 * A program used something that virtual time does not support. This ends the run and is never a finding, since the real
 * result is unknown.
 */
export class NotSimulated extends Error {
  override readonly name: string = 'NotSimulated'
  readonly code: string = 'ERR_NOT_SIMULATED'
  readonly what: string

  /** `because` is a verb phrase with the subject "it"; `instead` is a complete sentence. */
  constructor(what: string, because: string, instead: string) {
    super(`${what} cannot be simulated: it ${because}. ${instead}`)
    this.what = what
    hearing.refused?.(this)
  }
}
