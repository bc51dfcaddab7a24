import { inputError } from '../event/error.ts'
import { nearest } from './suggest.ts'

/**
 * Values for placeholders in a command, by name: `{port}`, `{data}`, `{node}`, … They are known only when the command
 * starts.
 */
export type Placeholders = { readonly [name: string]: string | number }

/** `{{name}}` is a literal `{name}`. Other braces, as in JSON, are literal. */
const PLACEHOLDER = /\{\{([\w.:-]+)\}\}|\{([a-z][\w.:-]*)\}/g

/** @throws UserError (input) for an unknown placeholder. */
export function fillPlaceholders(text: string, values: Placeholders): string {
  return text.replaceAll(PLACEHOLDER, (whole, literal: string | undefined, name: string) => {
    if (literal !== undefined) return `{${literal}}`
    if (Object.hasOwn(values, name)) return String(values[name])
    const known = Object.keys(values)
    const meant = nearest(name, known)
    throw inputError(
      `${text}: there is no value for the placeholder ${whole}.${meant === undefined ? '' : ` Did you mean {${meant}}?`} The placeholders are ${shortList(known)}; to keep ${whole} as text, write {${whole}}.`,
    )
  })
}

/** Escapes a text so that no placeholder in it is filled in. */
export const literally = (text: string): string => text.replaceAll(/\{([a-z][\w.:-]*)\}/g, '{{$1}}')

const MOST_SHOWN = 16

/**
 * Lists the names of placeholders for a message. Only the first names of a long list are shown. Names with more parts,
 * such as `{listen-host}`, therefore come last.
 */
function shortList(names: readonly string[]): string {
  const parts = (name: string) => name.split(/[.-]/).length
  const listed = [...names].sort((a, b) => parts(a) - parts(b)).slice(0, MOST_SHOWN)
  const rest = names.length - listed.length
  const braced = listed.map((each) => `{${each}}`).join(', ')
  return rest === 0 ? braced : `${braced} and ${rest} more`
}

/** Formats an address as placeholders have it: `127.0.0.1:7001`, or `[::1]:7001`. */
export const addressText = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`
