import { body } from './body.ts'
import { cookie } from './cookie.ts'
import { form } from './form.ts'
import { header } from './header.ts'
import { json } from './json.ts'
import { path } from './path.ts'
import type { Place } from './place.ts'
import { query } from './query.ts'

/**
 * To add a place, write its file next to this one and add it here: parser, recorder, request maker and JSON Schema
 * follow. The order is that of error messages.
 */
export const places: readonly Place[] = [path, query, header, cookie, form, body, json]
