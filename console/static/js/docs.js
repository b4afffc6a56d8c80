// The API's documentation, drawn by the vendored Swagger UI; nothing leaves this machine.
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({ url: place.dataset.url, domNode: place, deepLinking: true, validatorUrl: null });
