// zod behind one door: options, actions, state and config all describe themselves with it.
import { z } from 'zod'

export { z }
export type Schema<T = unknown> = z.ZodType<T>

/** JSON Schema (2020-12) of what a schema accepts, for OpenAPI, forms and the reference page. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>
}

/** Every complaint of a failed parse as `path: words`, one line each. */
export function complaints(error: z.ZodError): string[] {
  return error.issues.map(issue => `${issue.path.join('.') || '(whole)'}: ${issue.message}`)
}
