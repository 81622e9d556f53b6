// Everything that the page says, in English and Russian. `tests/page` holds it against its uses.
import { computed, signal } from "@preact/signals";
import { remember, remembered } from "./parts.js";

/** @type {Record<string, [string, string]>} */
export const TEXT = {
  action: ["action", "действие"],
  add: ["Add", "Добавить"],
  add_fault: ["Add a fault", "Добавить сбой"],
  advance: ["Advance by", "Перевести на"],
  advance_due: ["Advance to what falls due next", "Перевести к ближайшему событию"],
  all: ["all", "все"],
  and_more: ["… and {} more", "… и ещё {}"],
  args: ["Arguments", "Аргументы"],
  axis: ["Moment", "Момент"],
  axis_about: ["Time axis: {} lines, {} steps", "Ось времени: строк {}, шагов {}"],
  bodies_no: ["no body", "тела нет"],
  cancel: ["Cancel", "Отмена"],
  captured: ["Captured", "Запомнено"],
  clear: ["Clear", "Очистить"],
  client: ["Client", "Клиент"],
  clock_frozen: ["frozen", "стоит"],
  clock_real: ["real time", "реальное"],
  clock_scaled: ["faster", "быстрее"],
  close: ["Close", "Закрыть"],
  copied: ["copied", "скопировано"],
  copy: ["Copy", "Копировать"],
  copy_curl: ["Copy as curl", "Как curl"],
  copy_expect: ["Copy as expectation", "Как ожидание"],
  copy_step: ["Copy as scenario step", "Как шаг сценария"],
  count: ["times", "раз"],
  details: ["Details", "Подробности"],
  details_none: ["Choose a line to see its request and reply.", "Выберите строку, чтобы увидеть запрос и ответ."],
  done: ["Do it", "Выполнить"],
  due: ["next", "далее"],
  due_in: ["in {}", "через {}"],
  empty: ["Nothing here.", "Здесь пусто."],
  entry_gone: ["The journal has dropped this entry.", "Запись уже вытеснена из журнала."],
  expected: ["Expected", "Ожидалось"],
  far: ["Far side", "Другая сторона"],
  fault: ["fault", "сбой"],
  fault_hit: ["Fault applied", "Сработал сбой"],
  faults: ["faults", "сбои"],
  faults_none: ["No faults: everything answers as it should.", "Сбоев нет: всё отвечает как положено."],
  field_json: ["JSON", "JSON"],
  filter: ["Filter: path, operation, text…", "Фильтр: путь, операция, текст…"],
  fired: ["{} fell due", "наступило событий: {}"],
  first_curl: ["Send a first request:", "Отправьте первый запрос:"],
  first_far: ["Or make something happen yourself with the buttons of the far side.", "Или сделайте что-нибудь сами кнопками другой стороны."],
  first_title: ["Nothing has happened yet", "Пока ничего не произошло"],
  first_url: ["Point your client at:", "Укажите клиенту адрес:"],
  fork: ["Fork", "Копия"],
  found: ["Found", "Получено"],
  gap: ["{} entries were missed here", "здесь пропущено записей: {}"],
  headers: ["Headers", "Заголовки"],
  hits: ["applied {} of {} matched", "сработал {} из {} совпавших"],
  ignored: ["Nothing matches the filter.", "Под фильтр ничего не подходит."],
  in_file: ["In the file", "В файле"],
  lang: ["Русский", "English"],
  live: ["live", "на связи"],
  make: ["Make a world", "Создать мир"],
  more: ["More rows", "Ещё строки"],
  nearest: ["Closest match", "Ближе всего"],
  new_count: ["{} new", "новых: {}"],
  newest: ["Follow", "Следить"],
  no_view: ["This service shows no view; its actions are below.", "У этой службы нет представления; её действия ниже."],
  off: ["connection lost, trying again", "связь потеряна, пробую снова"],
  off_ended: ["the stream ended: {}", "поток закончился: {}"],
  only_failed: ["only failed", "только упавшие"],
  operation: ["Operation", "Операция"],
  other_action: ["Any action", "Любое действие"],
  path: ["Path", "Путь"],
  pause: ["Pause", "Пауза"],
  play: ["Play", "Играть"],
  preset_503: ["503 once", "503 один раз"],
  preset_429: ["429 beyond 1 a minute", "429 чаще 1 в минуту"],
  preset_drop: ["lose a push", "потерять push"],
  preset_reorder: ["pushes out of order", "push не по порядку"],
  preset_reset_after: ["reset after the work", "обрыв после работы"],
  preset_reset_before: ["reset before the work", "обрыв до работы"],
  preset_slow: ["slow: 3 s", "медленно: 3 с"],
  presets: ["One click, for {}:", "Одним нажатием, для {}:"],
  push: ["push", "push"],
  record: ["Record as a scenario", "Записать сценарием"],
  remove: ["Remove", "Удалить"],
  remove_all: ["Remove all", "Удалить все"],
  reply: ["Reply", "Ответ"],
  request: ["Request", "Запрос"],
  required: ["is required", "обязательно"],
  reset: ["Reset", "Сбросить"],
  save: ["Save as file", "Сохранить в файл"],
  scenario: ["Scenario", "Сценарий"],
  scenario_failed: ["failed", "не прошёл"],
  scenario_none: ["no scenario plays", "сценарий не играет"],
  scenario_of: ["{} of {}", "{} из {}"],
  scenario_passed: ["passed", "прошёл"],
  scenario_playing: ["playing", "играет"],
  scenario_stopped: ["stopped", "остановлен"],
  scenario_text: ["Scenario, as YAML", "Сценарий, YAML"],
  scenario_warns: ["A scenario replaces what this world holds.", "Сценарий заменит содержимое этого мира."],
  scenarios: ["Scenarios", "Сценарии"],
  service: ["Service", "Служба"],
  shown: ["What is shown", "Что показано"],
  speed: ["Speed", "Скорость"],
  status: ["Status", "Статус"],
  step_failed: ["failed", "не прошёл"],
  step_passed: ["passed", "прошёл"],
  step_planned: ["still to come", "впереди"],
  step_waits: ["under way", "идёт"],
  steps: ["Steps", "Шаги"],
  steps_count: ["{} passed, {} failed, of {}", "прошло {}, упало {}, всего {}"],
  stop: ["Stop", "Стоп"],
  theme: ["Light or dark", "Светлая или тёмная тема"],
  time: ["Time", "Время"],
  times_left: ["How many times", "Сколько раз"],
  token_ask: ["This stend asks for its control token.", "Этот stend просит свой управляющий токен."],
  token_label: ["Token of --control-token", "Токен из --control-token"],
  token_use: ["Use it", "Применить"],
  token_wrong: ["That is not the token.", "Токен не подошёл."],
  traffic: ["Traffic", "Обмен"],
  unset: ["(leave out)", "(не указывать)"],
  urls: ["URLs", "Адреса"],
  warnings: ["Warnings", "Предупреждения"],
  why_failed: ["Why it failed", "Почему упал"],
  world: ["World", "Мир"],
  world_gone: ["This world is gone.", "Этого мира больше нет."],
  world_name: ["Name of the world", "Имя мира"],
  world_start: ["Starts as", "Начинается как"],
  worlds: ["Worlds", "Миры"],
};

const browser = (navigator.languages ?? [navigator.language]).find((name) => /^(ru|en)/i.test(name)) ?? "en";

/** The language: `en` or `ru`. */
export const lang = signal(remembered("lang") ?? browser.slice(0, 2).toLowerCase());

const column = computed(() => (lang.value === "ru" ? 1 : 0));

export function speak(name) {
  lang.value = name;
  remember("lang", name);
  document.documentElement.lang = name;
}

/** A text by its key; `{}` stand for the values, in order. */
export function t(key, ...values) {
  const text = TEXT[key]?.[column.value] ?? key;
  return values.reduce((said, value) => said.replace("{}", value), text);
}

/** A title that a service gives in both languages. */
export function titled(title) {
  if (title == null || typeof title === "string") return title ?? "";
  return title[lang.value] ?? title.en ?? "";
}
