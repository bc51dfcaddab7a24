import { quote } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { compilePath, decodeSegment, encodeSegment } from '@chaosproxy/wire/http'
import type { ValueSource } from '../table/route-table.ts'
import { type AnyForm, defineForm } from './form.ts'

/** The part of a text that matches `{NAME}` in the pattern, such as `/items/{id}` for a Location. */
type Match = { readonly from: ValueSource; readonly match: string }

const ONE_NAME = /^[^{}]*\{\w+\}[^{}]*$/

export const match: AnyForm = defineForm<Match>({
  members: ['from', 'match'],
  example: '{"from": "header.Location", "match": "/items/{id}"}',
  schema: ({ place }) => ({ from: place, match: { type: 'string', pattern: ONE_NAME.source } }),
  parse({ from, match: pattern }, { where, place }) {
    if (typeof pattern !== 'string' || !ONE_NAME.test(pattern))
      throw new UserError(
        'input',
        `${where}: "match" is ${quote(pattern)}. Give a pattern with one name in braces: "/items/{id}".`,
      )
    return { from: place(from, `${where}: "from"`), match: pattern }
  },
  parts: ({ from }) => [from],
  isText: true,
  join(spec) {
    const path = compilePath(spec.match)
    return ([text]) => {
      const found = typeof text === 'string' ? path.match(text)?.[1] : undefined
      return found === undefined ? undefined : decodeSegment(found)
    }
  },
  split(spec, value) {
    if (typeof value === 'string' || typeof value === 'number')
      return [spec.match.replace(/\{\w+\}/, () => encodeSegment(String(value)))]
    return { why: `${spec.match} is a pattern of texts, and ${JSON.stringify(value)} is none` }
  },
})
