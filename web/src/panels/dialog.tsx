// A modal over the map, on the browser's own <dialog>: it keeps the focus inside, gives it back, and closes on Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { panel } from "../state/store";

function close(): void {
  panel.value = "none";
}

export function Dialog(props: { title: string; name: string; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${props.name}`}
      aria-labelledby={`${props.name}-title`}
      onCancel={close}
      onClick={(event) => {
        if (event.target === element.current) close();
      }}
    >
      <div class="dialog-body">
        <header class="panel-head">
          <h2 id={`${props.name}-title`}>{props.title}</h2>
          <button type="button" class="quiet" aria-label="Close (Escape)" onClick={close}>✕</button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
