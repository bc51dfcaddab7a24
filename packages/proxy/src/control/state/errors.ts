import { UserError } from '@chaosproxy/history'

/** A request that cannot be carried out, with the HTTP status and the reason. */
export class ControlError extends Error {
  override readonly name: string = 'ControlError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Returns the HTTP status for an error: 400 for the caller's mistake, 500 for any other problem. */
export function statusOf(error: unknown): number {
  if (error instanceof ControlError) return error.status
  if (error instanceof UserError) return error.code === 'environment' ? 500 : 400
  return 500
}
