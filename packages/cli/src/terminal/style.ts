import { colouredStyle, plainStyle, type Style } from '@chaosproxy/report'
import { wantsColours } from './page-width.ts'

/** The style for one stream. stderr may be a terminal even if stdout is not. */
export const styleFor = (stream: Pick<NodeJS.WriteStream, 'isTTY'> = process.stdout): Style =>
  wantsColours(stream) ? colouredStyle : plainStyle
