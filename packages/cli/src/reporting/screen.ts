import type { Screen } from '@chaosproxy/engine/run'
import { terminalOptions, wantsColours } from '../terminal/page-width.ts'

/** How stdout shows text. */
export const stdoutScreen = (): Screen => ({
  colours: wantsColours(process.stdout),
  terminal: terminalOptions(process.stdout),
})
