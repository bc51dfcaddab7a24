/** An error reply, which begins with the error code. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
}

/** Thrown for a command or an option that this server does not know, because the reply of a real server is unknown. */
export class UnknownCommand extends Error {
  override readonly name: string = 'UnknownCommand'
  readonly what: string
  /** The reason, as the end of a sentence that begins with "it". */
  readonly because: string

  constructor(what: string, because = 'is not known to the simulated Redis yet') {
    super(what)
    this.what = what
    this.because = because
  }
}

export class WrongWordCount extends CommandError {
  constructor(name: string) {
    super(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
  }
}

export const syntaxError = (): CommandError => new CommandError('ERR syntax error')
export const wrongType = (): CommandError =>
  new CommandError('WRONGTYPE Operation against a key holding the wrong kind of value')
export const wrongArity = (name: string): CommandError =>
  new CommandError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
