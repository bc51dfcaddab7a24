import type { Input } from '@chaosproxy/history'

/**
 * The client that makes a request and the request's number among that client's: lets a protocol apply a repeated
 * request once.
 */
export interface Session {
  readonly client: string
  readonly sequence: number
}

/** A client's request as nodes forward and store it. */
export interface Command {
  readonly input: Input
  readonly session?: Session | undefined
}

/** Leaves out undefined members: JSON would lose them on the way to another node. */
export const commandOf = ({ input, session }: Command): Command =>
  session === undefined ? { input } : { input, session }
