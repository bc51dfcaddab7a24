import type { ControlClient } from '@chaosproxy/proxy/client'
import type { Style } from '@chaosproxy/report'
import type { CommandAction } from '../command.ts'

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
  readonly lease?: string | undefined
}

/** An action of `chaos ctl`. */
export interface Action extends CommandAction {
  run(context: ActionContext): Promise<ActionResult>
}
