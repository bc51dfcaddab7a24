import { type Place, SIMPLE_NAME } from './place.ts'

/** The segment that matches `{NAME}`. */
export const path: Place = {
  kind: 'path',
  name: SIMPLE_NAME,
  examples: ['path.NAME'],
  inAnswers: false,
  holds: 'text',
  body: 'none',
  namesClient: 'never',
  read: (name) => (message) => message.segment(name),
  write: (request, name, text) => request.segment(name, text),
}
