import { UserError } from '@chaosproxy/history'

/** A request that cannot be done as asked: the HTTP status that says so, and why. */
export class ControlError extends Error {
  override readonly name: string = 'ControlError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The status of whatever was thrown: a mistake of the asker is 400, trouble of this machine or of ours is 500. */
export function statusOf(error: unknown): number {
  if (error instanceof ControlError) return error.status
  if (error instanceof UserError) return error.code === 'environment' ? 500 : 400
  return 500
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
