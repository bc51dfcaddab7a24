import { UserError } from '@chaosproxy/history'

/** A request that cannot be carried out, with an HTTP status. */
export class ControlError extends Error {
  override readonly name: string = 'ControlError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Returns the HTTP status: 400 for the caller's mistake, otherwise 500. */
export function statusOf(error: unknown): number {
  if (error instanceof ControlError) return error.status
  if (error instanceof UserError) return error.code === 'environment' ? 500 : 400
  return 500
}
