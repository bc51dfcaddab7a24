import type { Json } from '@chaosproxy/history'
import type { Place } from './place.ts'

/** The whole body, as text. */
export const body: Place = {
  kind: 'body',
  name: '',
  examples: ['body'],
  inAnswers: true,
  holds: 'text',
  body: 'text',
  namesClient: 'never',
  read:
    () =>
    ({ text }) =>
      text === undefined ? undefined : withoutLineEnd(text),
}

/** A text without its final line end, which services add and remove. */
export const withoutLineEnd = (value: Json): Json =>
  typeof value === 'string' && value.endsWith('\n') ? value.replace(/\r?\n$/, '') : value
