import type { Screen } from '../telling/part.ts'
import { terminalOptions, wantsColours } from '../terminal/style.ts'

/** How stdout shows text. */
export const stdoutScreen = (): Screen => ({
  colours: wantsColours(process.stdout),
  terminal: terminalOptions(process.stdout),
})
