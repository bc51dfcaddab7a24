import type { Place } from '../../../../recorder/src/routes/places/place.ts'

/** A fragment in a header field of its own, `a=1; b=2`, as a file of `places/` would define it. */
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
