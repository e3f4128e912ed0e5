const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** Whether a text is a UUID in its usual form, of any version. */
export function isUuid(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}
