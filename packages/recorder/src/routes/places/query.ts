import { onlyOne, type Place, SIMPLE_NAME } from './place.ts'

export const query: Place = {
  kind: 'query',
  name: SIMPLE_NAME,
  examples: ['query.NAME'],
  inAnswers: false,
  holds: 'text',
  body: 'none',
  namesClient: 'made',
  read: (name) => (message) => onlyOne(message.query, name),
  write: (request, name, text) => request.parameter(name, text),
}
