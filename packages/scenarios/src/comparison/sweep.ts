import { UserError } from '@chaosproxy/history'

/** A setting, and the values it takes in turn. */
export interface Sweep {
  readonly setting: string
  readonly values: readonly (number | boolean | string)[]
}

const MOST_VALUES = 20

/**
 * `sync=0..4`, or `reads=primary,replica`.
 *
 * @throws UserError (usage)
 */
export function parseSweep(typed: string): Sweep {
  const refuse = (problem: string): never => {
    throw new UserError(
      'usage',
      `--sweep ${typed}: ${problem} Write --sweep sync=0..4, or --sweep reads=primary,replica.`,
    )
  }
  const [setting = '', written = '', ...more] = typed.split('=')
  if (setting === '' || written === '' || more.length > 0) return refuse('this names no setting and its values.')
  const range = /^(-?\d+)\.\.(-?\d+)$/.exec(written)
  if (range === null) {
    const values = written.split(',').map(settingValue)
    return values.length < 2 ? refuse('one value is no sweep.') : { setting, values }
  }
  const [from, to] = [Number(range[1]), Number(range[2])]
  if (to <= from) return refuse(`${from} to ${to} is no range from low to high.`)
  if (to - from >= MOST_VALUES)
    return refuse(`these are ${to - from + 1} values, and at most ${MOST_VALUES} are compared.`)
  return { setting, values: Array.from({ length: to - from + 1 }, (_, i) => from + i) }
}

const settingValue = (text: string): number | boolean | string =>
  text === 'true' ? true : text === 'false' ? false : text !== '' && Number.isFinite(Number(text)) ? Number(text) : text
