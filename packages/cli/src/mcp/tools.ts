import { checkTool } from './check-tool.ts'
import { explainTool } from './explain-tool.ts'
import { healTool, injectTool, proxiesTool } from './inject-tools.ts'
import { listTool } from './list-tool.ts'
import { runTool } from './run-tool.ts'
import type { Tool } from './tool.ts'

/** Every tool, in the usual order. No tool starts a command that a client names. */
export const tools: readonly Tool[] = [listTool, runTool, checkTool, explainTool, proxiesTool, injectTool, healTool]
