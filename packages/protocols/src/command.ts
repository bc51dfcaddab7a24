import type { Input } from '@chaosproxy/history'

/** A client and the number of its request. With both, a protocol applies a repeated request only once. */
export interface Session {
  readonly client: string
  readonly sequence: number
}

/** A client's request as nodes forward and store it. */
export interface Command {
  readonly input: Input
  readonly session?: Session | undefined
}

/** Omits undefined members, which JSON would lose on the way to another node. */
export const commandOf = ({ input, session }: Command): Command =>
  session === undefined ? { input } : { input, session }
