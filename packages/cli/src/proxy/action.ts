import type { Style } from '@chaosproxy/report'
import type { ControlClient } from './control-client.ts'

/** What an action has to say: data for machines, text for people. */
export interface ActionResult {
  readonly data: unknown
  readonly text: string
}

export interface ActionContext {
  readonly client: ControlClient
  readonly words: readonly string[]
  readonly style: Style
  readonly name: string | undefined
  readonly direction: string | undefined
  /** What a new fault is to live by. */
  readonly lease?: string | undefined
}

/** One thing that `chaos ctl` can do. */
export interface Action {
  readonly names: readonly [string, ...string[]]
  /** What follows it. */
  readonly usage: string
  readonly summary: string
  run(context: ActionContext): Promise<ActionResult>
}
