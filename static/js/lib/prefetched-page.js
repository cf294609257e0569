/** A page that the browser loaded before the click may be some minutes old. This asks once whether it has changed, and
 *  loads it again if so. */
const digest = (answer) => answer.headers.get("ETag")?.split("-")[0]; // what follows names the compression

try {
  const shown = await fetch(location.href, { cache: "force-cache" });
  const current = await fetch(location.href, { cache: "no-cache" });
  if (shown.ok && current.ok && digest(shown) !== digest(current)) location.reload();
} catch {
  // The page stays as it is, and live stock with it.
}
