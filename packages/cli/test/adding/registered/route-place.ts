import type { Place } from '../../../../recorder/src/routes/places/place.ts'

/**
 * A place of values in route tables: a part of a separate header field, such as `a=1; b=2`. It is defined in the same
 * way as the places in `places/`.
 */
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
