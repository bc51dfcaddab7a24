import { usageError } from '@chaosproxy/history'
import { type Logger, pino } from 'pino'
import { wantsColours } from '../terminal/page-width.ts'

export type LogFormat = 'json' | 'pretty'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/**
 * Creates a logger to stderr: JSON for machines, coloured text for people. LOG_LEVEL sets the level, as in Toxiproxy.
 *
 * @throws UserError (usage) for an unknown level.
 */
export async function createLog(format: LogFormat): Promise<Logger> {
  const level = (process.env['LOG_LEVEL'] || 'info').toLowerCase()
  if (!LEVELS.includes(level))
    throw usageError(`LOG_LEVEL=${level}: there is no such level. Known: ${LEVELS.join(', ')}.`)
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: label } }
  if (format === 'json') {
    const stderr = pino.destination({ dest: 2, sync: true })
    // Lost log lines must not stop traffic.
    stderr.on('error', () => undefined)
    return pino(options, stderr)
  }
  const { PinoPretty } = await import('pino-pretty')
  return pino(
    options,
    PinoPretty({
      destination: 2,
      sync: true,
      singleLine: true,
      ignore: 'pid',
      colorize: wantsColours(process.stderr),
      translateTime: 'SYS:HH:MM:ss.l',
    }),
  )
}

const label = (level: string): { level: string } => ({ level })
