import type { Input } from '@chaosproxy/history'

/** A client and the number of its request, by which a repetition is recognised. */
export interface Session {
  readonly client: string
  readonly sequence: number
}

/** A client's request as nodes forward and store it. */
export interface Command {
  readonly input: Input
  readonly session?: Session | undefined
}

/** Without undefined members, which JSON would lose. */
export const commandOf = ({ input, session }: Command): Command =>
  session === undefined ? { input } : { input, session }
