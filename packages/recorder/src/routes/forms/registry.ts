import { constant } from './constant.ts'
import type { AnyForm } from './form.ts'
import { match } from './match.ts'
import { members } from './members.ts'

/** To add a form, write its file next to this one and add it here: parser, recorder, request maker and JSON Schema follow. */
export const valueForms: readonly AnyForm[] = [constant, match, members]
