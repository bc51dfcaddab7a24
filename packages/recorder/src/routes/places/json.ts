import { memberOf } from '@chaosproxy/history'
import type { Place } from './place.ts'

/** The whole body as JSON, or a part of it: `json.a.b`, `json.items.0`. */
export const json: Place = {
  kind: 'json',
  name: '(\\.[^.[\\]\\s]+)*',
  examples: ['json', 'json.MEMBER'],
  inAnswers: true,
  holds: 'json',
  body: 'whole',
  namesClient: 'made',
  read(name) {
    const members = membersIn(name)
    return (message) => {
      const value = message.json
      return value === undefined ? undefined : memberOf(value, members)
    }
  },
}

/** The path to a part of a value: `a.b` is the member b of a. */
export const membersIn = (name: string): readonly string[] => (name === '' ? [] : name.split('.'))
