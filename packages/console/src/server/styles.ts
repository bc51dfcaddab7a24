import { stylesheet } from '@chaosproxy/report'
import { consoleStyles } from './console-styles.ts'

/** The report's styles, for the ladder and the drawing are the report's, and the page's own. */
export const pageStyles: string = `${stylesheet}\n${consoleStyles}`
