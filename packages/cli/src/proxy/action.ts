import type { ControlClient } from '@chaosproxy/proxy/client'
import type { Style } from '@chaosproxy/report'
import type { CommandAction } from '../command.ts'

/** The output of an action: data for programs, text for people. */
interface ActionResult {
  readonly data: unknown
  readonly text: string
}

interface ActionContext {
  readonly client: ControlClient
  readonly words: readonly string[]
  readonly style: Style
  readonly name: string | undefined
  readonly direction: string | undefined
  /** The lease that a new fault ends with. */
  readonly lease?: string | undefined
}

/** One thing that `chaos ctl` can do. */
export interface Action extends CommandAction {
  run(context: ActionContext): Promise<ActionResult>
}
