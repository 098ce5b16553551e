//! Every text of a message in the languages that are not English.

/// The English text, and the same in German, French and Spanish; sorted by the English one. What
/// stands in braces is a value, and is named alike in all of them.
pub(super) static TEXTS: &[(&str, [&str; 3])] = &[
    ("1 abandoned", ["1 abgebrochen", "1 abandonné", "1 abandonado"]),
    ("1 contact created", ["1 Kontakt angelegt", "1 contact créé", "1 contacto creado"]),
    ("1 contact handled", ["1 Kontakt bearbeitet", "1 contact traité", "1 contacto atendido"]),
    (
        "1 contact queued",
        ["1 Kontakt in der Warteschlange", "1 contact mis en file", "1 contacto en cola"],
    ),
    ("1 hour", ["1 Stunde", "1 heure", "1 hora"]),
    (
        "1 more missed a target.",
        [
            "1 weitere Zeile verfehlt ein Ziel.",
            "1 autre ligne manque un objectif.",
            "1 fila más incumple un objetivo.",
        ],
    ),
    ("ACW", ["ACW", "ACW", "ACW"]),
    ("AHT", ["AHT", "DMT", "TMO"]),
    ("ASA", ["ASA", "ASA", "ASA"]),
    ("Abandonment rate", ["Abbruchrate", "Taux d’abandon", "Tasa de abandono"]),
    ("About", ["Info", "À propos", "Acerca de"]),
    ("Adherence", ["Plantreue", "Adhérence", "Adherencia"]),
    ("Adherent time", ["Zeit im Plan", "Temps d’adhérence", "Tiempo de adherencia"]),
    (
        "After contact work time",
        ["Nachbearbeitungszeit", "Temps de travail après contact", "Tiempo de trabajo posterior"],
    ),
    ("Agent", ["Agent", "Agent", "Agente"]),
    (
        "Agent answer rate",
        ["Annahmerate der Agenten", "Taux de réponse des agents", "Tasa de respuesta de agentes"],
    ),
    (
        "Agent hierarchy level 1",
        [
            "Agentenhierarchie, Ebene 1",
            "Hiérarchie des agents, niveau 1",
            "Jerarquía de agentes, nivel 1",
        ],
    ),
    (
        "Agent hierarchy level 2",
        [
            "Agentenhierarchie, Ebene 2",
            "Hiérarchie des agents, niveau 2",
            "Jerarquía de agentes, nivel 2",
        ],
    ),
    (
        "Agent hierarchy level 3",
        [
            "Agentenhierarchie, Ebene 3",
            "Hiérarchie des agents, niveau 3",
            "Jerarquía de agentes, nivel 3",
        ],
    ),
    (
        "Agent hierarchy level 4",
        [
            "Agentenhierarchie, Ebene 4",
            "Hiérarchie des agents, niveau 4",
            "Jerarquía de agentes, nivel 4",
        ],
    ),
    (
        "Agent hierarchy level 5",
        [
            "Agentenhierarchie, Ebene 5",
            "Hiérarchie des agents, niveau 5",
            "Jerarquía de agentes, nivel 5",
        ],
    ),
    ("Agent idle time", ["Leerlaufzeit", "Temps d’inactivité", "Tiempo inactivo"]),
    (
        "Agent interaction and hold time",
        [
            "Gesprächs- und Haltezeit",
            "Temps d’interaction et d’attente",
            "Tiempo de interacción y retención",
        ],
    ),
    ("Agent interaction time", ["Gesprächszeit", "Temps d’interaction", "Tiempo de interacción"]),
    (
        "Agent non-productive time",
        ["Unproduktive Zeit", "Temps non productif", "Tiempo no productivo"],
    ),
    (
        "Agent non-response",
        ["Nicht angenommen", "Non-réponses des agents", "Sin respuesta del agente"],
    ),
    (
        "Agent non-response without customer abandons",
        [
            "Nicht angenommen, ohne Abbrüche",
            "Non-réponses sans abandons",
            "Sin respuesta, sin abandonos",
        ],
    ),
    ("Agent on contact time", ["Zeit am Kontakt", "Temps en contact", "Tiempo en contacto"]),
    ("All", ["Alle", "Tous", "Todos"]),
    ("All agents", ["Alle Agenten", "Tous les agents", "Todos los agentes"]),
    ("All channels", ["Alle Kanäle", "Tous les canaux", "Todos los canales"]),
    ("All queues", ["Alle Warteschlangen", "Toutes les files d’attente", "Todas las colas"]),
    (
        "All routing profiles",
        [
            "Alle Routing-Profile",
            "Tous les profils de routage",
            "Todos los perfiles de enrutamiento",
        ],
    ),
    (
        "Amazon Connect did not accept what it asks",
        [
            "Amazon Connect hat die Anfrage nicht angenommen",
            "Amazon Connect n’a pas accepté la demande",
            "Amazon Connect no aceptó la consulta",
        ],
    ),
    (
        "Amazon Connect did not allow its figures to be read",
        [
            "Amazon Connect erlaubt es nicht, die Zahlen zu lesen",
            "Amazon Connect n’a pas autorisé la lecture des chiffres",
            "Amazon Connect no permitió leer las cifras",
        ],
    ),
    (
        "Amazon Connect does not say how many analysed contacts this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen analysierten Kontakten die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien de contacts analysés repose ce chiffre.",
            "Amazon Connect no dice en cuántos contactos analizados se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many callbacks this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Rückrufen die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien de rappels repose ce chiffre.",
            "Amazon Connect no dice en cuántas devoluciones de llamada se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many calls this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Anrufen die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien d’appels repose ce chiffre.",
            "Amazon Connect no dice en cuántas llamadas se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many cases this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Fällen die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien de cas repose ce chiffre.",
            "Amazon Connect no dice en cuántos casos se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many chats this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Chats die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien de chats repose ce chiffre.",
            "Amazon Connect no dice en cuántos chats se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many contacts this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Kontakten die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien de contacts repose ce chiffre.",
            "Amazon Connect no dice en cuántos contactos se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many evaluations this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Bewertungen die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien d’évaluations repose ce chiffre.",
            "Amazon Connect no dice en cuántas evaluaciones se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many messages this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Nachrichten die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien de messages repose ce chiffre.",
            "Amazon Connect no dice en cuántos mensajes se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how many offers to agents this figure is based on.",
        [
            "Amazon Connect sagt nicht, auf wie vielen Angeboten an Agenten die Zahl beruht.",
            "Amazon Connect n’indique pas sur combien de propositions aux agents repose ce chiffre.",
            "Amazon Connect no dice en cuántas ofertas a agentes se basa esta cifra.",
        ],
    ),
    (
        "Amazon Connect does not say how this figure is calculated.",
        [
            "Amazon Connect sagt nicht, wie die Zahl berechnet wird.",
            "Amazon Connect n’indique pas comment ce chiffre est calculé.",
            "Amazon Connect no dice cómo se calcula esta cifra.",
        ],
    ),
    (
        "Amazon Connect gave no usable answer",
        [
            "Amazon Connect hat keine brauchbare Antwort gegeben",
            "Amazon Connect n’a pas donné de réponse exploitable",
            "Amazon Connect no dio una respuesta utilizable",
        ],
    ),
    (
        "Average active time",
        ["Durchschnittliche aktive Zeit", "Temps actif moyen", "Tiempo activo medio"],
    ),
    (
        "Average after contact work time",
        [
            "Durchschnittliche Nachbearbeitung",
            "Travail après contact moyen",
            "Trabajo posterior medio",
        ],
    ),
    (
        "Average agent first response time",
        ["Durchschnittliche erste Antwort", "Première réponse moyenne", "Primera respuesta media"],
    ),
    (
        "Average agent interaction and customer hold time",
        [
            "Durchschnittliche Gesprächs- und Haltezeit",
            "Interaction et mise en attente moyennes",
            "Interacción y retención medias",
        ],
    ),
    (
        "Average agent interaction time",
        ["Durchschnittliche Gesprächszeit", "Interaction moyenne", "Interacción media"],
    ),
    (
        "Average agent pause time",
        [
            "Durchschnittliche Pause der Agenten",
            "Pause moyenne des agents",
            "Pausa media de agentes",
        ],
    ),
    (
        "Average agent response time",
        [
            "Durchschnittliche Antwortzeit der Agenten",
            "Réponse moyenne des agents",
            "Respuesta media de agentes",
        ],
    ),
    (
        "Average contact duration",
        [
            "Durchschnittliche Kontaktdauer",
            "Durée moyenne des contacts",
            "Duración media del contacto",
        ],
    ),
    (
        "Average conversation duration",
        [
            "Durchschnittliche Gesprächsdauer",
            "Durée moyenne des conversations",
            "Duración media de la conversación",
        ],
    ),
    (
        "Average customer hold time",
        ["Durchschnittliche Haltezeit", "Mise en attente moyenne", "Tiempo medio de retención"],
    ),
    (
        "Average customer hold time all contacts",
        [
            "Durchschnittliche Haltezeit, alle Kontakte",
            "Mise en attente moyenne, tous contacts",
            "Retención media, todos los contactos",
        ],
    ),
    (
        "Average customer response time",
        [
            "Durchschnittliche Antwortzeit der Kunden",
            "Réponse moyenne des clients",
            "Respuesta media de clientes",
        ],
    ),
    (
        "Average evaluation score",
        [
            "Durchschnittliche Bewertung",
            "Score d’évaluation moyen",
            "Puntuación media de evaluación",
        ],
    ),
    (
        "Average flow time",
        ["Durchschnittliche Zeit im Flow", "Temps moyen dans le flux", "Tiempo medio en el flujo"],
    ),
    (
        "Average handle time",
        [
            "Durchschnittliche Bearbeitungszeit",
            "Durée moyenne de traitement",
            "Tiempo medio operativo",
        ],
    ),
    ("Average holds", ["Halten je Kontakt", "Mises en attente moyennes", "Retenciones medias"]),
    ("Average messages", ["Nachrichten je Chat", "Messages par chat", "Mensajes por chat"]),
    (
        "Average queue abandon time",
        [
            "Durchschnittliche Zeit bis zum Abbruch",
            "Délai moyen d’abandon",
            "Tiempo medio de abandono",
        ],
    ),
    (
        "Average queue answer time",
        [
            "Durchschnittliche Wartezeit bis zur Annahme",
            "Délai moyen de réponse",
            "Tiempo medio de respuesta",
        ],
    ),
    (
        "Average resolution time",
        [
            "Durchschnittliche Lösungszeit",
            "Temps de résolution moyen",
            "Tiempo medio de resolución",
        ],
    ),
    (
        "Average talk time",
        ["Durchschnittliche Sprechzeit", "Temps de parole moyen", "Tiempo medio de conversación"],
    ),
    ("Callback attempts", ["Rückrufversuche", "Tentatives de rappel", "Intentos de devolución"]),
    ("Cases created", ["Angelegte Fälle", "Cas créés", "Casos creados"]),
    ("Cases reopened", ["Wiedereröffnete Fälle", "Cas rouverts", "Casos reabiertos"]),
    ("Cases resolved", ["Gelöste Fälle", "Cas résolus", "Casos resueltos"]),
    (
        "Cases resolved on first contact",
        [
            "Beim ersten Kontakt gelöst",
            "Résolus au premier contact",
            "Resueltos al primer contacto",
        ],
    ),
    (
        "Changes are against {against}.",
        [
            "Veränderungen gegenüber: {against}.",
            "Évolution par rapport à : {against}.",
            "Cambios respecto a: {against}.",
        ],
    ),
    ("Channel", ["Kanal", "Canal", "Canal"]),
    ("Column", ["Spalte", "Colonne", "Columna"]),
    ("Compared with", ["Verglichen mit", "Comparé à", "Comparado con"]),
    ("Contact flow time", ["Zeit im Flow", "Temps dans le flux", "Tiempo en el flujo"]),
    ("Contact handle time", ["Bearbeitungszeit", "Temps de traitement", "Tiempo de gestión"]),
    ("Contacts", ["Kontakte", "Contacts", "Contactos"]),
    (
        "Contacts abandoned",
        ["Abgebrochene Kontakte", "Contacts abandonnés", "Contactos abandonados"],
    ),
    (
        "Contacts abandoned in X seconds",
        ["In X abgebrochen", "Abandonnés en X", "Abandonados en X"],
    ),
    ("Contacts answered in X seconds", ["In X angenommen", "Répondus en X", "Respondidos en X"]),
    (
        "Contacts count in the window in which they ended.",
        [
            "Kontakte zählen in dem Zeitraum, in dem sie endeten.",
            "Un contact compte dans la période où il s’est terminé.",
            "Los contactos cuentan en el periodo en que terminaron.",
        ],
    ),
    ("Contacts created", ["Angelegte Kontakte", "Contacts créés", "Contactos creados"]),
    (
        "Contacts disconnected in queue",
        ["In der Warteschlange getrennt", "Déconnectés en file", "Desconectados en cola"],
    ),
    ("Contacts handled", ["Bearbeitete Kontakte", "Contacts traités", "Contactos atendidos"]),
    (
        "Contacts handled (connected to agent timestamp)",
        [
            "Bearbeitete Kontakte (nach Verbindung)",
            "Contacts traités (à la connexion)",
            "Contactos atendidos (por conexión)",
        ],
    ),
    (
        "Contacts hold agent disconnect",
        [
            "Beim Halten vom Agenten getrennt",
            "Déconnectés en attente par l’agent",
            "Desconectados en retención por el agente",
        ],
    ),
    (
        "Contacts hold customer disconnect",
        [
            "Beim Halten vom Kunden getrennt",
            "Déconnectés en attente par le client",
            "Desconectados en retención por el cliente",
        ],
    ),
    (
        "Contacts hold disconnect",
        ["Beim Halten getrennt", "Déconnectés en attente", "Desconectados en retención"],
    ),
    (
        "Contacts put on hold",
        ["Gehaltene Kontakte", "Contacts mis en attente", "Contactos en retención"],
    ),
    ("Contacts queued", ["Kontakte in Warteschlange", "Contacts mis en file", "Contactos en cola"]),
    (
        "Contacts queued (enqueue timestamp)",
        [
            "Kontakte in Warteschlange (nach Eintritt)",
            "Contacts mis en file (à l’entrée)",
            "Contactos en cola (por entrada)",
        ],
    ),
    (
        "Contacts removed from queue in X seconds",
        ["In X die Warteschlange verlassen", "Sortis de la file en X", "Salieron de la cola en X"],
    ),
    ("Contacts resolved in X", ["In X gelöst", "Résolus en X", "Resueltos en X"]),
    (
        "Contacts transferred out",
        ["Weitergeleitete Kontakte", "Contacts transférés", "Contactos transferidos"],
    ),
    (
        "Contacts transferred out by agent",
        ["Vom Agenten weitergeleitet", "Transférés par l’agent", "Transferidos por el agente"],
    ),
    (
        "Contacts transferred out external",
        ["Nach außen weitergeleitet", "Transférés vers l’extérieur", "Transferidos al exterior"],
    ),
    (
        "Contacts transferred out from queue",
        [
            "Aus der Warteschlange weitergeleitet",
            "Transférés depuis la file",
            "Transferidos desde la cola",
        ],
    ),
    (
        "Contacts transferred out internal",
        ["Intern weitergeleitet", "Transférés en interne", "Transferidos internamente"],
    ),
    (
        "Conversations abandoned",
        ["Abgebrochene Gespräche", "Conversations abandonnées", "Conversaciones abandonadas"],
    ),
    ("Current cases", ["Aktuelle Fälle", "Cas en cours", "Casos actuales"]),
    ("Customer hold time", ["Haltezeit", "Temps de mise en attente", "Tiempo de retención"]),
    (
        "Dashed: {against}",
        ["Gestrichelt: {against}", "En pointillés : {against}", "Discontinua: {against}"],
    ),
    ("End", ["Ende", "Fin", "Fin"]),
    ("Error status time", ["Zeit im Fehlerstatus", "Temps en erreur", "Tiempo en error"]),
    (
        "Evaluations performed",
        ["Durchgeführte Bewertungen", "Évaluations réalisées", "Evaluaciones realizadas"],
    ),
    (
        "Every row, with raw figures, is attached: {files}.",
        [
            "Alle Zeilen mit Rohwerten liegen im Anhang: {files}.",
            "Toutes les lignes, en valeurs brutes, sont jointes : {files}.",
            "Todas las filas, con valores sin formato, van adjuntas: {files}.",
        ],
    ),
    ("Figures read", ["Zahlen gelesen", "Chiffres lus", "Cifras leídas"]),
    (
        "How its figures add up is not known.",
        [
            "Es ist nicht bekannt, wie sich die Zahlen addieren.",
            "On ne sait pas comment ces chiffres s’additionnent.",
            "No se sabe cómo se suman estas cifras.",
        ],
    ),
    (
        "How much stands behind some of its parts is not known.",
        [
            "Wie viel hinter einigen Teilen steht, ist nicht bekannt.",
            "On ne sait pas combien représentent certaines de ses parties.",
            "No se sabe cuánto hay detrás de algunas de sus partes.",
        ],
    ),
    (
        "In parentheses: the change from {against}; ! is worse.",
        [
            "In Klammern: Veränderung gegenüber: {against}; ! ist schlechter.",
            "Entre parenthèses : évolution par rapport à : {against} ; ! est moins bien.",
            "Entre paréntesis: cambio respecto a: {against}; ! es peor.",
        ],
    ),
    (
        "Its figures only add up over agents and over time.",
        [
            "Die Zahlen lassen sich nur über Agenten und über die Zeit addieren.",
            "Ces chiffres ne s’additionnent que sur les agents et dans le temps.",
            "Estas cifras solo se suman por agentes y a lo largo del tiempo.",
        ],
    ),
    (
        "Its figures only add up over campaigns, not over time.",
        [
            "Die Zahlen lassen sich nur über Kampagnen addieren, nicht über die Zeit.",
            "Ces chiffres ne s’additionnent que sur les campagnes, pas dans le temps.",
            "Estas cifras solo se suman por campañas, no a lo largo del tiempo.",
        ],
    ),
    (
        "Its figures only add up over case templates, not over time.",
        [
            "Die Zahlen lassen sich nur über Fallvorlagen addieren, nicht über die Zeit.",
            "Ces chiffres ne s’additionnent que sur les modèles de cas, pas dans le temps.",
            "Estas cifras solo se suman por plantillas de casos, no a lo largo del tiempo.",
        ],
    ),
    (
        "Its figures only add up over queues, channels and routing profiles, and over time.",
        [
            "Die Zahlen lassen sich nur über Warteschlangen, Kanäle und Routing-Profile und über die Zeit addieren.",
            "Ces chiffres ne s’additionnent que sur les files d’attente, les canaux et les profils de routage, et dans le temps.",
            "Estas cifras solo se suman por colas, canales y perfiles de enrutamiento, y a lo largo del tiempo.",
        ],
    ),
    (
        "Maximum flow time",
        ["Längste Zeit im Flow", "Temps maximal dans le flux", "Tiempo máximo en el flujo"],
    ),
    ("Maximum queued time", ["Längste Wartezeit", "Attente maximale", "Espera máxima"]),
    ("Metric", ["Metrik", "Indicateur", "Métrica"]),
    (
        "Minimum flow time",
        ["Kürzeste Zeit im Flow", "Temps minimal dans le flux", "Tiempo mínimo en el flujo"],
    ),
    ("Missing: {title}.", ["Es fehlt: {title}.", "Manquant : {title}.", "Falta: {title}."]),
    ("Needs attention", ["Zu beachten", "À surveiller", "Requiere atención"]),
    (
        "No contacts in this window",
        [
            "Keine Kontakte in diesem Zeitraum",
            "Aucun contact sur cette période",
            "Ningún contacto en este periodo",
        ],
    ),
    (
        "No figures are available",
        [
            "Es sind keine Zahlen verfügbar",
            "Aucun chiffre n’est disponible",
            "No hay cifras disponibles",
        ],
    ),
    ("No {what}", ["Ohne {what}", "Sans {what}", "Sin {what}"]),
    (
        "Non-adherent time",
        ["Zeit außerhalb des Plans", "Temps hors adhérence", "Tiempo sin adherencia"],
    ),
    ("Non-talk time percent", ["Stilleanteil", "Part de silence", "Porcentaje de silencio"]),
    ("Occupancy", ["Auslastung", "Occupation", "Ocupación"]),
    ("Online time", ["Onlinezeit", "Temps en ligne", "Tiempo en línea"]),
    ("Queue", ["Warteschlange", "File d’attente", "Cola"]),
    (
        "Re-issued: {subject}",
        ["Erneut gesendet: {subject}", "Nouvel envoi : {subject}", "Reenviado: {subject}"],
    ),
    (
        "Read from Amazon Connect on {time}.",
        [
            "Gelesen aus Amazon Connect am {time}.",
            "Lu dans Amazon Connect le {time}.",
            "Leído de Amazon Connect el {time}.",
        ],
    ),
    ("Report", ["Bericht", "Rapport", "Informe"]),
    ("Report id", ["Berichts-ID", "ID du rapport", "ID del informe"]),
    ("Routing profile", ["Routing-Profil", "Profil de routage", "Perfil de enrutamiento"]),
    ("Rows", ["Zeilen", "Lignes", "Filas"]),
    ("Run", ["Lauf", "Exécution", "Ejecución"]),
    ("Run {run}", ["Lauf {run}", "Exécution {run}", "Ejecución {run}"]),
    ("SL", ["SL", "NS", "NS"]),
    ("Scheduled time", ["Geplante Zeit", "Temps planifié", "Tiempo programado"]),
    ("Section", ["Abschnitt", "Section", "Sección"]),
    ("Service level X", ["Servicelevel X", "Niveau de service X", "Nivel de servicio X"]),
    ("Sheet", ["Blatt", "Feuille", "Hoja"]),
    ("Start", ["Beginn", "Début", "Inicio"]),
    (
        "Stop getting this report",
        [
            "Diesen Bericht abbestellen",
            "Ne plus recevoir ce rapport",
            "Dejar de recibir este informe",
        ],
    ),
    ("Talk time percent", ["Sprechanteil", "Part de parole", "Porcentaje de conversación"]),
    ("Target", ["Ziel", "Objectif", "Objetivo"]),
    ("Target: {target}", ["Ziel: {target}", "Objectif : {target}", "Objetivo: {target}"]),
    (
        "The attachments are too large for mail ({size}) and lie here: {place}",
        [
            "Die Anhänge sind zu groß für eine E-Mail ({size}) und liegen hier: {place}",
            "Les pièces jointes sont trop volumineuses pour un e-mail ({size}) et se trouvent ici : {place}",
            "Los adjuntos son demasiado grandes para el correo ({size}) y están aquí: {place}",
        ],
    ),
    (
        "The attachments are too large for mail ({size}) and were left out.",
        [
            "Die Anhänge sind zu groß für eine E-Mail ({size}) und wurden weggelassen.",
            "Les pièces jointes sont trop volumineuses pour un e-mail ({size}) et ont été omises.",
            "Los adjuntos son demasiado grandes para el correo ({size}) y se omitieron.",
        ],
    ),
    (
        "The comparison lacks what Amazon Connect has no figures of any more.",
        [
            "Dem Vergleich fehlt, wovon Amazon Connect keine Zahlen mehr hat.",
            "Il manque à la comparaison ce dont Amazon Connect n’a plus les chiffres.",
            "A la comparación le falta aquello de lo que Amazon Connect ya no tiene cifras.",
        ],
    ),
    (
        "The total of {label} is not available: {reason}",
        [
            "Die Summe von {label} ist nicht verfügbar: {reason}",
            "Le total de {label} n’est pas disponible : {reason}",
            "El total de {label} no está disponible: {reason}",
        ],
    ),
    (
        "There is no comparison: no such window is as long as this one.",
        [
            "Es gibt keinen Vergleich: Kein solcher Zeitraum ist so lang wie dieser.",
            "Pas de comparaison : aucune période semblable n’est aussi longue.",
            "No hay comparación: ningún periodo así es igual de largo.",
        ],
    ),
    ("These", ["Diese", "Ceux-ci", "Estos"]),
    ("These agents", ["Diese Agenten", "Ces agents", "Estos agentes"]),
    ("These channels", ["Diese Kanäle", "Ces canaux", "Estos canales"]),
    ("These queues", ["Diese Warteschlangen", "Ces files d’attente", "Estas colas"]),
    (
        "These routing profiles",
        ["Diese Routing-Profile", "Ces profils de routage", "Estos perfiles de enrutamiento"],
    ),
    ("Time", ["Zeit", "Heure", "Hora"]),
    ("Time zone", ["Zeitzone", "Fuseau horaire", "Zona horaria"]),
    (
        "Under each figure: the change from {against}; ! is worse.",
        [
            "Unter jeder Zahl: Veränderung gegenüber: {against}; ! ist schlechter.",
            "Sous chaque chiffre : évolution par rapport à : {against} ; ! est moins bien.",
            "Bajo cada cifra: cambio respecto a: {against}; ! es peor.",
        ],
    ),
    ("Unit", ["Einheit", "Unité", "Unidad"]),
    (
        "What it is an average of can't be counted for this question.",
        [
            "Wovon es ein Durchschnitt ist, lässt sich für diese Frage nicht zählen.",
            "Ce dont c’est la moyenne ne peut pas être compté pour cette question.",
            "Aquello de lo que es la media no se puede contar para esta consulta.",
        ],
    ),
    ("Window", ["Zeitraum", "Période", "Periodo"]),
    (
        "You get this because your address is on the list of the report “{id}”.",
        [
            "Sie erhalten diese Nachricht, weil Ihre Adresse auf der Liste des Berichts „{id}“ steht.",
            "Vous recevez ce message parce que votre adresse figure sur la liste du rapport « {id} ».",
            "Recibe este mensaje porque su dirección está en la lista del informe «{id}».",
        ],
    ),
    (
        "a day of {length}",
        ["ein Tag von {length}", "une journée de {length}", "un día de {length}"],
    ),
    (
        "after-contact work: an agent's average time on a contact after it has ended",
        [
            "Nachbearbeitung: durchschnittliche Zeit eines Agenten für einen Kontakt nach dessen Ende",
            "travail après contact : temps moyen d’un agent sur un contact après sa fin",
            "trabajo posterior al contacto: tiempo medio de un agente tras terminar el contacto",
        ],
    ),
    (
        "answered after {n} on average",
        [
            "im Schnitt nach {n} angenommen",
            "répondus après {n} en moyenne",
            "respondidos en {n} de media",
        ],
    ),
    (
        "average handle time: an agent's time on a contact, with hold and after-contact work",
        [
            "durchschnittliche Bearbeitungszeit: Zeit eines Agenten für einen Kontakt, mit Halten und Nachbearbeitung",
            "durée moyenne de traitement : temps d’un agent sur un contact, avec mise en attente et travail après contact",
            "tiempo medio operativo: tiempo de un agente por contacto, con espera y trabajo posterior",
        ],
    ),
    (
        "average speed of answer: how long contacts that were answered waited in the queue",
        [
            "durchschnittliche Wartezeit: wie lange angenommene Kontakte in der Warteschlange gewartet haben",
            "délai moyen de réponse : attente en file des contacts répondus",
            "tiempo medio de respuesta: cuánto esperaron en la cola los contactos respondidos",
        ],
    ),
    ("better", ["besser", "mieux", "mejor"]),
    (
        "handled in {n} on average",
        ["im Schnitt in {n} bearbeitet", "traités en {n} en moyenne", "atendidos en {n} de media"],
    ),
    (
        "in which the clocks went back by {length}",
        [
            "in dem die Uhren um {length} zurückgestellt wurden",
            "pendant laquelle l’heure a été reculée de {length}",
            "en el que los relojes se atrasaron {length}",
        ],
    ),
    (
        "in which the clocks went forward by {length}",
        [
            "in dem die Uhren um {length} vorgestellt wurden",
            "pendant laquelle l’heure a été avancée de {length}",
            "en el que los relojes se adelantaron {length}",
        ],
    ),
    (
        "longest wait {n}",
        ["längste Wartezeit {n}", "attente la plus longue {n}", "espera más larga {n}"],
    ),
    ("met", ["erreicht", "atteint", "cumplido"]),
    ("missed", ["verfehlt", "manqué", "incumplido"]),
    ("n/a", ["k. A.", "n. d.", "n. d."]),
    ("near", ["knapp verfehlt", "presque atteint", "casi cumplido"]),
    ("near: {target}", ["knapp: {target}", "presque : {target}", "casi: {target}"]),
    ("not available", ["nicht verfügbar", "non disponible", "no disponible"]),
    ("occupancy {n}", ["Auslastung {n}", "taux d’occupation {n}", "ocupación {n}"]),
    ("pp", ["PP", "pts", "p. p."]),
    (
        "pp are percentage points.",
        ["PP sind Prozentpunkte.", "pts : points de pourcentage.", "p. p.: puntos porcentuales."],
    ),
    (
        "service level {n} in {threshold} s",
        [
            "Servicelevel {n} in {threshold} s",
            "niveau de service {n} en {threshold} s",
            "nivel de servicio {n} en {threshold} s",
        ],
    ),
    (
        "service level: contacts removed from the queue within so many seconds, whether answered, abandoned or moved on, in percent of all contacts queued",
        [
            "Servicelevel: Kontakte, die binnen so vieler Sekunden die Warteschlange verlassen haben, ob angenommen, abgebrochen oder weitergeleitet, in Prozent aller Kontakte in der Warteschlange",
            "niveau de service : contacts sortis de la file dans ce délai en secondes, qu’ils aient été répondus, abandonnés ou transférés, en pourcentage de tous les contacts mis en file",
            "nivel de servicio: contactos que salieron de la cola en esos segundos, respondidos, abandonados o transferidos, en porcentaje de todos los contactos en cola",
        ],
    ),
    (
        "the average of {n} weeks",
        ["Durchschnitt von {n} Wochen", "moyenne de {n} semaines", "media de {n} semanas"],
    ),
    (
        "the weeks before, of which there are no figures",
        [
            "die Wochen davor, von denen es keine Zahlen gibt",
            "les semaines précédentes, sans chiffres",
            "las semanas anteriores, de las que no hay cifras",
        ],
    ),
    ("worse", ["schlechter", "moins bien", "peor"]),
    (
        "{fact}, above the target of {target}",
        [
            "{fact}, über dem Ziel von {target}",
            "{fact}, au-dessus de l’objectif de {target}",
            "{fact}, por encima del objetivo de {target}",
        ],
    ),
    (
        "{fact}, below the target of {target}",
        [
            "{fact}, unter dem Ziel von {target}",
            "{fact}, sous l’objectif de {target}",
            "{fact}, por debajo del objetivo de {target}",
        ],
    ),
    (
        "{fact}, close to the target of {target}",
        [
            "{fact}, knapp am Ziel von {target} vorbei",
            "{fact}, proche de l’objectif de {target}",
            "{fact}, cerca del objetivo de {target}",
        ],
    ),
    (
        "{fact}, on target ({target})",
        [
            "{fact}, Ziel erreicht ({target})",
            "{fact}, objectif atteint ({target})",
            "{fact}, objetivo cumplido ({target})",
        ],
    ),
    ("{from}, to {to}", ["{from}, bis {to}", "{from}, à {to}", "{from}, a {to}"]),
    (
        "{label} is not available: {reason}",
        [
            "{label} ist nicht verfügbar: {reason}",
            "{label} n’est pas disponible : {reason}",
            "{label} no está disponible: {reason}",
        ],
    ),
    (
        "{label} {figure} misses the target {target} by {distance}",
        [
            "{label} {figure} verfehlt das Ziel {target} um {distance}",
            "{label} {figure} manque l’objectif {target} de {distance}",
            "{label} {figure} incumple el objetivo {target} por {distance}",
        ],
    ),
    (
        "{label} {figure}, down {change} on {against}",
        [
            "{label} {figure}, {change} weniger als im Vergleich ({against})",
            "{label} {figure}, en baisse de {change} (comparé à : {against})",
            "{label} {figure}, baja {change} (comparado con: {against})",
        ],
    ),
    (
        "{label} {figure}, up {change} on {against}",
        [
            "{label} {figure}, {change} mehr als im Vergleich ({against})",
            "{label} {figure}, en hausse de {change} (comparé à : {against})",
            "{label} {figure}, sube {change} (comparado con: {against})",
        ],
    ),
    (
        "{label}: highest {figure}, {when}",
        [
            "{label}: höchster Wert {figure}, {when}",
            "{label} : maximum {figure}, {when}",
            "{label}: máximo {figure}, {when}",
        ],
    ),
    (
        "{label}: lowest {figure}, {when}",
        [
            "{label}: niedrigster Wert {figure}, {when}",
            "{label} : minimum {figure}, {when}",
            "{label}: mínimo {figure}, {when}",
        ],
    ),
    ("{label}: no data", ["{label}: keine Daten", "{label} : aucune donnée", "{label}: sin datos"]),
    (
        "{label}: target {target} missed in {n} of {of} intervals",
        [
            "{label}: Ziel {target} in {n} von {of} Intervallen verfehlt",
            "{label} : objectif {target} manqué dans {n} intervalles sur {of}",
            "{label}: objetivo {target} incumplido en {n} de {of} intervalos",
        ],
    ),
    ("{n} abandoned", ["{n} abgebrochen", "{n} abandonnés", "{n} abandonados"]),
    (
        "{n} contacts created",
        ["{n} Kontakte angelegt", "{n} contacts créés", "{n} contactos creados"],
    ),
    (
        "{n} contacts handled",
        ["{n} Kontakte bearbeitet", "{n} contacts traités", "{n} contactos atendidos"],
    ),
    (
        "{n} contacts queued",
        ["{n} Kontakte in der Warteschlange", "{n} contacts mis en file", "{n} contactos en cola"],
    ),
    ("{n} hours", ["{n} Stunden", "{n} heures", "{n} horas"]),
    ("{n} minutes", ["{n} Minuten", "{n} minutes", "{n} minutos"]),
    (
        "{n} more missed a target.",
        [
            "{n} weitere Zeilen verfehlen ein Ziel.",
            "{n} autres lignes manquent un objectif.",
            "{n} filas más incumplen un objetivo.",
        ],
    ),
    (
        "{n} of contacts abandoned",
        [
            "{n} der Kontakte abgebrochen",
            "{n} des contacts abandonnés",
            "{n} de contactos abandonados",
        ],
    ),
    (
        "{shown} of {of} shown",
        ["{shown} von {of} gezeigt", "{shown} sur {of} affichées", "{shown} de {of} mostradas"],
    ),
    (
        "{shown} of {of} shown, all in the attachment",
        [
            "{shown} von {of} gezeigt, alle im Anhang",
            "{shown} sur {of} affichées, toutes en pièce jointe",
            "{shown} de {of} mostradas, todas en el adjunto",
        ],
    ),
    (
        "{week}, the only one of four weeks with figures",
        [
            "{week}, die einzige von vier Wochen mit Zahlen",
            "{week}, la seule des quatre semaines avec des chiffres",
            "{week}, la única de las cuatro semanas con cifras",
        ],
    ),
    (
        "“not available”: see the note under the table.",
        [
            "„nicht verfügbar“: siehe die Anmerkung unter der Tabelle.",
            "« non disponible » : voir la note sous le tableau.",
            "«no disponible»: véase la nota bajo la tabla.",
        ],
    ),
    (
        "“–”: nothing to count, or to compute it from.",
        [
            "„–“: nichts zu zählen oder nichts, woraus sich etwas berechnen ließe.",
            "« – » : rien à compter, ou rien pour le calculer.",
            "«–»: nada que contar, o nada con que calcularlo.",
        ],
    ),
    (
        "✓ met, ≈ near, ✗ missed.",
        [
            "✓ erreicht, ≈ knapp verfehlt, ✗ verfehlt.",
            "✓ atteint, ≈ presque atteint, ✗ manqué.",
            "✓ cumplido, ≈ casi cumplido, ✗ incumplido.",
        ],
    ),
];
