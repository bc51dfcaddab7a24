import type { Place } from '../../../../recorder/src/routes/places/place.ts'

/** A fragment in a separate header field, `a=1; b=2`. It is defined as in a file of `places/`. */
export const baggage: Place = {
  kind: 'baggage',
  name: '\\.[a-z]+',
  examples: ['baggage.NAME'],
  inAnswers: true,
  holds: 'text',
  body: 'none',
  namesClient: 'made',
  read: (name) => (message) =>
    message.headers
      ?.get('baggage')
      ?.split('; ')
      .find((part) => part.startsWith(`${name}=`))
      ?.slice(name.length + 1),
  carriedAs: (name, text) => ['header.Baggage', `${name}=${text}`],
}
