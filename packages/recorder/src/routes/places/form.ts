import { onlyOne, type Place, SIMPLE_NAME } from './place.ts'

/** A field of a form in the body. */
export const form: Place = {
  kind: 'form',
  name: SIMPLE_NAME,
  examples: ['form.NAME'],
  inAnswers: false,
  holds: 'text',
  body: 'whole',
  namesClient: 'made',
  read: (name) => (message) => onlyOne(message.form, name),
  write: (request, name, text) => request.formField(name, text),
}
